//! How many findings are too many: `> 0`, `>= 5`, `> 0.1%`.

/// A threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    at_least: bool,
    limit: f64,
    percent: bool,
}

impl Threshold {
    /// More than none.
    pub const ANY: Self = Self { at_least: false, limit: 0.0, percent: false };

    /// Reads `> 5`, `>= 5`, `> 0.1%`.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.trim().strip_prefix('>')?;
        let (at_least, rest) = rest.strip_prefix('=').map_or((false, rest), |rest| (true, rest));
        let (number, percent) = rest.trim().strip_suffix('%').map_or((rest, false), |rest| (rest, true));
        let limit: f64 = number.trim().parse().ok()?;
        (limit.is_finite() && limit >= 0.0).then_some(Self { at_least, limit, percent })
    }

    /// Whether it counts in parts of a total.
    pub fn needs_total(self) -> bool {
        self.percent
    }

    /// Whether so many findings, of so many rows, are too many. Of no rows, any finding is.
    pub fn is_passed(self, findings: u64, total: Option<u64>) -> bool {
        let measured = match (self.percent, total) {
            (true, Some(total)) if total > 0 => findings as f64 * 100.0 / total as f64,
            (true, _) if findings > 0 => f64::INFINITY,
            _ => findings as f64,
        };
        if self.at_least { measured >= self.limit } else { measured > self.limit }
    }
}

impl std::fmt::Display for Threshold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}{}", if self.at_least { ">=" } else { ">" }, self.limit, if self.percent { "%" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_count_or_measure() {
        let passed = |text: &str, findings, total| Threshold::parse(text).expect(text).is_passed(findings, total);

        assert!(!passed("> 0", 0, None) && passed("> 0", 1, None));
        assert!(!passed(">5", 5, None) && passed(">= 5", 5, None));
        assert!(!passed("> 0.1%", 1, Some(1000)) && passed("> 0.1%", 2, Some(1000)) && passed("> 50%", 1, Some(0)));
        for wrong in ["5", "< 5", "> x", "> -1", "> 5 %%", ""] {
            assert_eq!(Threshold::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Threshold::parse(" >  0.5 % ").map(|t| t.to_string()).as_deref(), Some("> 0.5%"));
    }
}
