//! Order in a directed graph.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Returns an order in which every node comes after those it needs (Kahn), ties broken by the
/// smaller number; or one cycle, each node needed by the one before it.
pub(super) fn order(needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut waiting: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (node, before) in needs.iter().enumerate() {
        before.iter().for_each(|need| followers[*need].push(node));
    }
    let mut ready: BinaryHeap<Reverse<usize>> =
        (0..needs.len()).filter(|node| waiting[*node] == 0).map(Reverse).collect();
    let mut out = Vec::with_capacity(needs.len());
    while let Some(Reverse(node)) = ready.pop() {
        out.push(node);
        for follower in &followers[node] {
            waiting[*follower] -= 1;
            if waiting[*follower] == 0 {
                ready.push(Reverse(*follower));
            }
        }
    }
    if out.len() == needs.len() {
        return Ok(out);
    }
    // Every node that is left needs another one that is left: walking back must meet itself.
    let mut at = (0..needs.len()).find(|node| waiting[*node] > 0).expect("some node is left");
    let mut path = Vec::new();
    let mut place = vec![usize::MAX; needs.len()];
    while place[at] == usize::MAX {
        place[at] = path.len();
        path.push(at);
        at =
            *needs[at].iter().find(|need| waiting[**need] > 0).expect("a node that is left waits for one that is left");
    }
    let mut cycle = path.split_off(place[at]);
    let first = (0..cycle.len()).min_by_key(|index| cycle[*index]).expect("a cycle has a node");
    cycle.rotate_left(first);
    Err(cycle)
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn ties_follow_the_numbers() {
        assert_eq!(order(&[vec![], vec![3], vec![], vec![0]]), Ok(vec![0, 2, 3, 1]));
    }

    #[test]
    fn a_cycle_begins_at_its_smallest_node() {
        assert_eq!(order(&[vec![], vec![3, 0], vec![1], vec![2]]), Err(vec![1, 3, 2]));
        assert_eq!(order(&[vec![0]]), Err(vec![0]));
    }
}
