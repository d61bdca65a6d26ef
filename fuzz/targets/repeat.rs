//! A short text over and over: what is read again for each of its repetitions takes ever longer.
#![no_main]

mod check;

use std::time::Duration;

/// Bytes: reading them in every way takes some hundredths of a second.
const LONG: usize = 32 * 1024;

/// By how much longer the text is than the one whose time it is measured by.
const TIMES: usize = 8;

/// Reading in one pass takes `TIMES` as long, reading again from the beginning its square.
const TOO_SLOW: u32 = 3 * TIMES as u32;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let unit = String::from_utf8_lossy(bytes);
    if unit.is_empty() {
        return;
    }
    let repetitions = LONG / unit.len() + 1;
    let short = check_timed(&unit.repeat(repetitions / TIMES + 1));
    let long = check_timed(&unit.repeat(repetitions));
    // A short time is measured badly; the shortest that is taken for one is what a linear reading takes.
    assert!(long < short.max(Duration::from_millis(8)) * TOO_SLOW, "{long:?} for a text {TIMES} times as long as one of {short:?}");
});

/// What checking `text` takes of the processor, whatever else the machine does.
fn check_timed(text: &str) -> Duration {
    let before = processor_time();
    check::check(text);
    processor_time() - before
}

fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec of ours, and every Unix has this clock.
    let code = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(code, 0, "there is a clock for the time of a thread");
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
