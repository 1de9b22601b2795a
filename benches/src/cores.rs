//! Which cores of the machine are used.

/// Keeps this thread, and all that it starts from now on, to the last of the cores that it may run on.
/// On Linux; elsewhere it does nothing.
///
/// On several cores it is left to chance whether two who wait for each other have one each, and what
/// it takes to wake the other one is many times what is measured.
pub fn keep_to_one() {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

        let allowed = sched_getaffinity(None).expect("every thread has its cores");
        let last = (0..CpuSet::MAX_CPU).rev().find(|core| allowed.is_set(*core));
        let mut one = CpuSet::new();
        one.set(last.expect("this runs on one"));
        sched_setaffinity(None, &one).expect("it is one of its own");
    }
}
