//! The knowledge of all nodes about each other, updated with every event. Queries take constant
//! time.

/// For each pair of nodes, whether one lists the other's present life as live.
///
/// A node is present while its process runs and has not stopped. The knowledge of an absent node
/// does not count.
#[derive(Default)]
pub(crate) struct Knowledge {
    /// One bit per subject, by observer.
    rows: Vec<Vec<u64>>,
    present: Vec<bool>,
    /// Number of observers that list a subject.
    listed: Vec<usize>,
    present_nodes: usize,
    /// Pairs with a present subject.
    known: usize,
    /// Pairs with an absent subject.
    ghosts: usize,
}

impl Knowledge {
    /// Adds a present node that knows no other.
    pub(crate) fn add(&mut self) {
        self.rows.push(Vec::new());
        self.present.push(true);
        self.listed.push(0);
        self.present_nodes += 1;
    }

    /// Notes whether a present observer lists the subject as live.
    pub(crate) fn set(&mut self, observer: usize, subject: usize, live: bool) {
        let (word, bit) = (subject / 64, 1 << (subject % 64));
        let row = &mut self.rows[observer];
        if row.len() <= word {
            row.resize(word + 1, 0);
        }
        if (row[word] & bit != 0) == live {
            return;
        }
        row[word] ^= bit;
        let pairs = if self.present[subject] { &mut self.known } else { &mut self.ghosts };
        if live {
            *pairs += 1;
            self.listed[subject] += 1;
        } else {
            *pairs -= 1;
            self.listed[subject] -= 1;
        }
    }

    /// Notes that a node is gone. Observers that list it list a ghost.
    pub(crate) fn depart(&mut self, node: usize) {
        if !std::mem::replace(&mut self.present[node], false) {
            return;
        }
        self.clear_row(node);
        self.present_nodes -= 1;
        self.known -= self.listed[node];
        self.ghosts += self.listed[node];
    }

    /// Notes that a node begins a new life: it knows no other, and no other knows it.
    pub(crate) fn arrive(&mut self, node: usize) {
        self.depart(node);
        self.clear_column(node);
        self.present[node] = true;
        self.present_nodes += 1;
    }

    /// Notes that no node knows this one any more.
    pub(crate) fn clear_column(&mut self, subject: usize) {
        (0..self.rows.len()).for_each(|observer| self.set(observer, subject, false));
    }

    /// Clears the knowledge of a node, which is then read anew.
    pub(crate) fn clear_row(&mut self, observer: usize) {
        for subject in 0..self.rows[observer].len() * 64 {
            if subject < self.present.len() {
                self.set(observer, subject, false);
            }
        }
    }

    pub(crate) fn is_present(&self, node: usize) -> bool {
        self.present[node]
    }

    pub(crate) fn knows(&self, observer: usize, subject: usize) -> bool {
        let word = self.rows[observer].get(subject / 64).copied().unwrap_or(0);
        word >> (subject % 64) & 1 == 1
    }

    pub(crate) fn present_nodes(&self) -> usize {
        self.present_nodes
    }

    pub(crate) fn listed(&self, subject: usize) -> usize {
        self.listed[subject]
    }

    pub(crate) fn known(&self) -> usize {
        self.known
    }

    pub(crate) fn ghosts(&self) -> usize {
        self.ghosts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(k: &Knowledge) -> (usize, usize, usize) {
        (k.present_nodes(), k.known(), k.ghosts())
    }

    #[test]
    fn counts_follow_crashes_and_returns() {
        let mut knowledge = Knowledge::default();
        (0..100).for_each(|_| knowledge.add());
        for observer in 0..100 {
            (0..100).filter(|&s| s != observer).for_each(|s| knowledge.set(observer, s, true));
        }
        assert_eq!(figures(&knowledge), (100, 9_900, 0));

        knowledge.depart(70);
        assert_eq!((figures(&knowledge), knowledge.listed(70)), ((99, 9_702, 99), 99));
        knowledge.set(3, 70, false);
        knowledge.set(3, 70, false);
        assert_eq!((figures(&knowledge), knowledge.listed(70)), ((99, 9_702, 98), 98));
        assert!(!knowledge.knows(3, 70) && knowledge.knows(4, 70) && !knowledge.knows(70, 4));

        knowledge.arrive(70);
        assert_eq!((figures(&knowledge), knowledge.listed(70)), ((100, 9_702, 0), 0));
        knowledge.set(3, 70, true);
        assert_eq!(figures(&knowledge), (100, 9_703, 0));
    }
}
