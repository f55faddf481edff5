//! [`nearest`]: the name that was meant, when a name is none.

/// The name most like `wrong`, if one is like it at all.
pub(crate) fn nearest<'a>(
    wrong: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let like = |name: &'a str| {
        let score = strsim::jaro_winkler(wrong, name);
        let edits = strsim::damerau_levenshtein(wrong, name);
        (edits <= 2 && edits * 3 <= wrong.chars().count().max(3) || score > 0.9)
            .then_some((name, edits, score))
    };
    names
        .into_iter()
        .filter_map(like)
        .min_by(|(_, edits, score), (_, other_edits, other_score)| {
            edits.cmp(other_edits).then(other_score.total_cmp(score))
        })
        .map(|(name, _, _)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_seen() {
        let names = ["orders", "orders-poison", "thumbnails"];
        assert_eq!(nearest("order", names), Some("orders"));
        assert_eq!(nearest("odrers", names), Some("orders"));
        assert_eq!(nearest("thumbnial", names), Some("thumbnails"));
        assert_eq!(nearest("invoices", names), None);
        assert_eq!(nearest("x", ["ab"]), None);
    }
}
