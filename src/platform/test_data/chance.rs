//! Numbers that look random and are always the same: of seed, kind and place, by SplitMix64's mixing.

/// A source of numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chance(pub u64);

impl Chance {
    /// The number of this kind at this place, less than `below`.
    pub fn number(self, kind: u64, at: u64, below: u64) -> u64 {
        let mut mixed = self.0 ^ kind.wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ at.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % below.max(1)
    }

    /// One of `words`.
    pub fn one_of<'a, T: ?Sized>(self, kind: u64, at: u64, words: &[&'a T]) -> &'a T {
        words[self.number(kind, at, words.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| (0..8).map(|at| Chance(seed).number(1, at, 1000)).collect::<Vec<_>>();

        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
        assert!(numbers(7).iter().all(|number| *number < 1000));
    }
}
