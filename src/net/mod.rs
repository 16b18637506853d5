//! Doors to the network: the SMTP session.
