//! Any text: nothing panics, nothing gets lost. libFuzzer's `-timeout` finds what hangs.
#![no_main]

mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check::check(&String::from_utf8_lossy(bytes)));
