//! Finds circles in a graph: `circles` returns the groups of nodes that reach each other.

use std::collections::{BTreeMap, BTreeSet};

/// The groups of two or more nodes in which each can be reached from each, every group and all
/// groups in order.
pub(super) fn circles<'a, N: Ord>(
    edges: impl IntoIterator<Item = (&'a N, &'a N)>,
) -> Vec<Vec<&'a N>> {
    let mut onward: BTreeMap<&N, BTreeSet<&N>> = BTreeMap::new();
    for (from, to) in edges {
        onward.entry(from).or_default().insert(to);
        onward.entry(to).or_default();
    }
    let reached: BTreeMap<&N, BTreeSet<&N>> =
        onward.keys().map(|&node| (node, reachable(node, &onward))).collect();
    let mut found = BTreeSet::new();
    for (&node, others) in &reached {
        let group: Vec<&N> = others
            .iter()
            .copied()
            .filter(|&other| reached.get(other).is_some_and(|back| back.contains(node)))
            .collect();
        if group.len() > 1 {
            found.insert(group);
        }
    }
    found.into_iter().collect()
}

fn reachable<'a, N: Ord>(
    start: &'a N,
    onward: &BTreeMap<&'a N, BTreeSet<&'a N>>,
) -> BTreeSet<&'a N> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(node) = open.pop() {
        for &next in onward.get(node).into_iter().flatten() {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::circles;

    #[test]
    fn a_line_has_no_circle() {
        assert!(circles([(&1, &2), (&2, &3), (&1, &3)]).is_empty());
    }

    #[test]
    fn two_circles_are_two_groups() {
        let found = circles([(&1, &2), (&2, &1), (&2, &3), (&3, &4), (&4, &5), (&5, &3)]);
        assert_eq!(found, [vec![&1, &2], vec![&3, &4, &5]]);
    }

    #[test]
    fn a_node_that_names_itself_is_no_circle() {
        assert!(circles([(&1, &1)]).is_empty());
    }
}
