//! What this process has used so far.

/// Processor time of all threads, in µs.
#[cfg(unix)]
pub fn cpu_us() -> Option<f64> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let (user, system) = (usage.user_time(), usage.system_time());
    Some((user.num_microseconds() + system.num_microseconds()) as f64)
}

#[cfg(not(unix))]
pub fn cpu_us() -> Option<f64> {
    None
}

/// Resident memory in bytes; Linux alone tells it.
pub fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}
