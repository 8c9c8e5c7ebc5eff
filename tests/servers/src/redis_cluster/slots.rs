//! Which node has which slots, and how slots move.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Node, RedisCluster};
use crate::poll;
use crate::process::PATIENCE;
use crate::resp::Reply;

/// The number of slots of every cluster.
pub(super) const SLOTS: u16 = 16_384;

/// The owners of all slots by one node's word: ranges with the id of the master.
pub(super) fn owners(node: &Node) -> BTreeMap<(i64, i64), String> {
    let Ok(Reply::List(ranges)) = node.try_command(&["CLUSTER", "SLOTS"]) else { return BTreeMap::new() };
    let range = |range: &Reply| {
        let Reply::List(parts) = range else { return None };
        let [Reply::Integer(first), Reply::Integer(last), Reply::List(master), ..] = &parts[..] else {
            return None;
        };
        Some(((*first, *last), master.get(2)?.text()))
    };
    ranges.iter().filter_map(range).collect()
}

/// Whether there is no slot without an owner.
pub(super) fn are_all(owners: &BTreeMap<(i64, i64), String>) -> bool {
    owners.keys().map(|(first, last)| last - first + 1).sum::<i64>() == i64::from(SLOTS)
}

/// The id of the master that has `slot`, by one node's word.
fn owner(node: &Node, slot: u16) -> Option<String> {
    let has = |(first, last): &(i64, i64)| (*first..=*last).contains(&i64::from(slot));
    owners(node).into_iter().find(|(range, _)| has(range)).map(|(_, id)| id)
}

impl RedisCluster {
    /// The slot of `key`.
    pub fn slot_of(&self, key: &str) -> u16 {
        let reply = self.any().command(&["CLUSTER", "KEYSLOT", key]);
        let Reply::Integer(slot) = reply else { panic!("not a slot: {reply:?}") };
        slot as u16
    }

    /// The master that has `slot`, by the word of any node that answers.
    pub fn master_of(&self, slot: u16) -> usize {
        let id = owner(self.any(), slot).unwrap_or_else(|| panic!("nobody has slot {slot}"));
        self.nodes().iter().position(|node| node.id() == id).expect("a node of this cluster")
    }

    /// Moves one slot with its records from its master to the next, with a pause between the steps: a client that asks
    /// meanwhile is told `ASK`, and afterwards `MOVED`.
    pub fn move_slot(&self, slot: u16, pause: Duration) {
        let masters = self.masters();
        let from = self.master_of(slot);
        let place = masters.iter().position(|master| *master == from).expect("a master");
        let to = masters[(place + 1) % masters.len()];
        let (from, to) = (&self.nodes()[from], &self.nodes()[to]);
        let number = slot.to_string();
        to.command(&["CLUSTER", "SETSLOT", &number, "IMPORTING", from.id()]);
        from.command(&["CLUSTER", "SETSLOT", &number, "MIGRATING", to.id()]);
        std::thread::sleep(pause);
        // Records may come while others go, until the slot is the other's.
        let empty = poll::until(PATIENCE, || {
            let keys = from.command(&["CLUSTER", "GETKEYSINSLOT", &number, "100"]);
            let Reply::List(keys) = keys else { panic!("not keys: {keys:?}") };
            if keys.is_empty() {
                return true;
            }
            let (ip, port) = (to.address().ip().to_string(), to.address().port().to_string());
            let mut words = ["MIGRATE", &ip, &port, "", "0", "5000", "KEYS"].map(str::to_owned).to_vec();
            words.extend(keys.iter().map(Reply::text));
            from.command(&words);
            false
        });
        assert!(empty, "records of slot {slot} stay where they were");
        std::thread::sleep(pause);
        // First the new owner: nobody may be told of an owner that doesn't know it.
        let others = masters.iter().map(|master| &self.nodes()[*master]);
        let others = others.filter(|node| node.address() != to.address() && node.address() != from.address());
        for node in [to, from].into_iter().chain(others) {
            node.command(&["CLUSTER", "SETSLOT", &number, "NODE", to.id()]);
        }
        // The next move counts on this one: who has not heard of it would take another's word against it.
        let agree = || self.nodes().iter().all(|node| owner(node, slot).as_deref() == Some(to.id()));
        assert!(poll::until(PATIENCE, agree), "not all nodes have heard that slot {slot} has moved");
    }
}
