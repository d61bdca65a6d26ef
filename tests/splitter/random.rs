//! Chances that can be repeated.

use std::time::SystemTime;

/// A generator of numbers: good enough, and the same for the same seed.
pub struct Random(u64);

impl Random {
    /// From `MANAGE_TEST_SEED`, or from the clock; said on stdout, which a failed test shows.
    pub fn new() -> Self {
        let seed = std::env::var("MANAGE_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("the clock is past 1970").as_nanos() as u64
        });
        println!("MANAGE_TEST_SEED={seed}");
        Self(seed)
    }

    /// A number from 0 up to `limit`, which it does not reach.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit as u64) as usize
    }

    /// One of these.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Whether it happens this time, which is once in so many.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// How many times a test tries: `few`, or as many times that as `MANAGE_TEST_EFFORT` says.
pub fn tries(few: usize) -> usize {
    few * std::env::var("MANAGE_TEST_EFFORT").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}
