//! The word that was probably meant.

/// The word of `known` that is nearest to `word`, where one is near enough to be a slip.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    let measured = known.into_iter().map(|other| (distance(word, other), other));
    measured.filter(|(distance, _)| *distance <= limit).min_by_key(|(distance, _)| *distance).map(|(_, other)| other)
}

/// The nearest word as a hint, else those that there are.
pub fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let mut all: Vec<_> = known.into_iter().collect();
            let more = all.len().saturating_sub(20);
            all.truncate(20);
            match (all.is_empty(), more) {
                (true, _) => "there is none".to_owned(),
                (false, 0) => format!("there are {}", all.join(", ")),
                (false, more) => format!("there are {} and {more} more", all.join(", ")),
            }
        }
    }
}

/// How many letters have to be put in, taken out, replaced or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let known = ["description", "severity", "table"];

        assert_eq!(nearest("descripton", known), Some("description"));
        assert_eq!(nearest("tabel", known), Some("table"));
        assert_eq!(nearest("owner", known), None);
        assert_eq!(meant("tabel", known), "did you mean `table`?");
        assert_eq!(meant("owner", ["command", "creator"]), "there are command, creator");
    }
}
