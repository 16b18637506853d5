//! Schedules: cron lines, zones, slots, missed runs.
