//! Making one cluster of servers that know nothing of each other.

use super::Node;
use super::slots::SLOTS;
use crate::poll;
use crate::process::PATIENCE;

/// Makes a cluster of `nodes`: the first `masters` of them share the slots, and the others follow one each.
pub(super) fn join(nodes: &[Node], masters: usize) {
    for (number, node) in nodes.iter().enumerate() {
        // Nobody has to find out whose word counts more. It can be said before they meet.
        node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]);
        if number < masters {
            let bound = |number: usize| usize::from(SLOTS) * number / masters;
            let (first, last) = (bound(number).to_string(), (bound(number + 1) - 1).to_string());
            node.command(&["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
        }
    }
    for node in nodes {
        // Each is told of all: what they tell each other takes seconds.
        for other in nodes.iter().filter(|other| other.address() != node.address()) {
            let (ip, port) = (other.address().ip().to_string(), other.address().port().to_string());
            node.command(&["CLUSTER", "MEET", &ip, &port, &other.bus().to_string()]);
        }
    }
    for (number, replica) in nodes.iter().enumerate().skip(masters) {
        let master = nodes[number - masters].id();
        let knows = || replica.command(&["CLUSTER", "NODES"]).text().contains(master);
        assert!(poll::until(PATIENCE, knows), "a node does not come to know its master");
        replica.command(&["CLUSTER", "REPLICATE", master]);
    }
}
