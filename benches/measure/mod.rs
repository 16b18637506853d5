//! What the benchmarks measure with.

use std::error::Error;

/// The most memory this process ever held, in MiB, as Linux says.
pub fn peak() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kilobytes =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|rest| rest.split_whitespace().next());
    Ok(kilobytes.ok_or("this system does not say how much memory was held")?.parse::<f64>()? / 1024.0)
}
