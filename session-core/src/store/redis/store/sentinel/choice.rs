//! Which of the servers that sentinels name is taken for the master.

/// The place of a server, as sentinels name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: u16,
}

/// What one sentinel says.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) place: Place,
    /// The number of the failover that made this server the master: it grows with each. `None` from a sentinel that does
    /// not tell it.
    pub(super) epoch: Option<u64>,
}

/// What follows from the words of all sentinels.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// Nobody has said anything, or nothing that counts.
    Nothing,
    /// The present master stays.
    Stay,
    /// There is another master.
    Take(Place, Option<u64>),
    /// They name an older master than the present one. So do sentinels that were set up anew, and those that
    /// have not heard of the last failover: it counts only if the present one is not a master any more.
    TakeIfGone(Place, Option<u64>),
}

/// The masters so far.
///
/// During a failover sentinels disagree for seconds, and both servers say that they are the master. What is written to
/// the old one is thrown away, so it must not be taken again because a sentinel that is asked later has not noticed yet.
#[derive(Default)]
pub(super) struct Masters {
    present: Option<Place>,
    /// The highest number of a failover that was heard of a master that was taken.
    epoch: Option<u64>,
    left: Vec<Place>,
}

/// As many masters that were left are remembered: in a place where each server that starts has another address they
/// would be ever more.
const REMEMBERED: usize = 32;

impl Masters {
    pub(super) fn present(&self) -> Option<&Place> {
        self.present.as_ref()
    }

    /// Chooses between the masters that sentinels name. `asked` is their number, with those that did not answer.
    pub(super) fn choose(&mut self, words: &[Word], asked: usize) -> Choice {
        let Some(newest) = words.iter().map(|word| word.epoch).max() else { return Choice::Nothing };
        let all_name = |place: &Place| words.iter().all(|word| word.place == *place);
        let mut named: Vec<_> =
            words.iter().filter(|word| word.epoch == newest).map(|word| &word.place).collect();
        // At first what most of them say counts; the sort keeps the order of those that are named as often.
        let votes = |place: &Place| words.iter().filter(|word| word.place == *place).count();
        named.sort_by_key(|place| std::cmp::Reverse(votes(place)));
        let is_older = newest.zip(self.epoch).is_some_and(|(newest, present)| newest < present);
        let is_newer = newest.zip(self.epoch).is_some_and(|(newest, present)| newest > present);
        let is_present = |place: &Place| self.present.as_ref() == Some(place);
        for place in named.iter().copied().filter(|place| !is_present(place)) {
            if is_older {
                if all_name(place) {
                    let (place, whole) = (place.clone(), words.len() == asked);
                    return if whole {
                        Choice::Take(place, newest)
                    } else {
                        Choice::TakeIfGone(place, newest)
                    };
                }
            } else if is_newer || !self.left.contains(place) || all_name(place) {
                return Choice::Take(place.clone(), newest);
            }
        }
        if self.present.is_none() {
            return Choice::Nothing;
        }
        let all_stay = words.len() == asked && words.iter().all(|word| is_present(&word.place));
        if all_stay || (is_newer && named.iter().all(|place| is_present(place))) {
            self.epoch = newest;
        }
        Choice::Stay
    }

    /// Notes that the master is there, as sentinels say of a failover.
    pub(super) fn take(&mut self, place: Place, epoch: Option<u64>) {
        self.left.retain(|left| *left != place);
        if let Some(left) = self.present.replace(place) {
            self.left.push(left);
            if self.left.len() > REMEMBERED {
                self.left.remove(0);
            }
        }
        self.epoch = epoch.or(self.epoch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(port: u16) -> Place {
        Place { host: "127.0.0.1".into(), port }
    }

    fn word(port: u16, epoch: u64) -> Word {
        Word { place: place(port), epoch: Some(epoch) }
    }

    fn silent_about_epochs(port: u16) -> Word {
        Word { place: place(port), epoch: None }
    }

    /// An application whose master was at each of these ports.
    fn after(masters: &[(u16, Option<u64>)]) -> Masters {
        let mut so_far = Masters::default();
        for (port, epoch) in masters {
            so_far.take(place(*port), *epoch);
        }
        so_far
    }

    fn take(port: u16, epoch: u64) -> Choice {
        Choice::Take(place(port), Some(epoch))
    }

    #[test]
    fn the_first_master_is_that_of_the_last_failover_however_few_have_heard_of_it() {
        let words = [word(1, 4), word(2, 5), word(1, 4)];
        assert_eq!(Masters::default().choose(&words, 3), take(2, 5));
    }

    #[test]
    fn without_epochs_the_first_master_is_the_one_that_most_name() {
        let words = [1, 2, 2].map(silent_about_epochs);
        assert_eq!(Masters::default().choose(&words, 3), Choice::Take(place(2), None));
    }

    #[test]
    fn where_no_sentinel_answers_the_present_master_is_not_given_up() {
        assert_eq!(after(&[(1, Some(1))]).choose(&[], 3), Choice::Nothing);
        assert_eq!(Masters::default().choose(&[], 3), Choice::Nothing);
    }

    #[test]
    fn one_sentinel_that_has_heard_of_a_failover_is_enough() {
        let words = [word(1, 1), word(2, 2), word(1, 1)];
        assert_eq!(after(&[(1, Some(1))]).choose(&words, 3), take(2, 2));
        let words = [1, 2, 1].map(silent_about_epochs);
        assert_eq!(after(&[(1, None)]).choose(&words, 3), Choice::Take(place(2), None));
    }

    #[test]
    fn a_master_that_was_left_is_not_taken_again_while_some_have_not_heard_of_the_failover() {
        for words in [vec![word(1, 1), word(2, 2), word(1, 1)], vec![word(1, 2), word(2, 2)]] {
            assert_eq!(after(&[(1, Some(1)), (2, Some(2))]).choose(&words, 3), Choice::Stay, "{words:?}");
        }
        let words = [1, 2, 1].map(silent_about_epochs);
        assert_eq!(after(&[(1, None), (2, None)]).choose(&words, 3), Choice::Stay);
    }

    #[test]
    fn a_master_that_was_left_is_taken_again_after_a_failover_back_to_it() {
        let words = [word(2, 2), word(2, 2), word(1, 3)];
        assert_eq!(after(&[(1, Some(1)), (2, Some(2))]).choose(&words, 3), take(1, 3));
    }

    #[test]
    fn a_master_that_was_left_is_taken_again_if_all_name_it_and_no_epoch_speaks_against_it() {
        let words = [1, 1].map(silent_about_epochs);
        assert_eq!(after(&[(1, None), (2, None)]).choose(&words, 3), Choice::Take(place(1), None));
        let words = [word(1, 2), word(1, 2)];
        assert_eq!(after(&[(1, Some(1)), (2, Some(2))]).choose(&words, 3), take(1, 2));
    }

    #[test]
    fn while_the_sentinel_that_leads_a_failover_is_silent_the_others_lead_nobody_back() {
        let words = [word(1, 1), word(1, 1)];
        let choice = after(&[(1, Some(1)), (2, Some(2))]).choose(&words, 3);
        assert_eq!(choice, Choice::TakeIfGone(place(1), Some(1)));
    }

    #[test]
    fn a_sentinel_that_comes_back_with_an_old_failover_in_mind_is_not_followed_to_a_server_that_was_never_seen()
     {
        let words = [word(3, 1), word(2, 2), word(2, 2)];
        assert_eq!(after(&[(2, Some(2))]).choose(&words, 3), Choice::Stay);
    }

    #[test]
    fn sentinels_that_were_all_set_up_anew_are_followed() {
        let words = [word(1, 0), word(1, 0), word(1, 0)];
        let mut masters = after(&[(1, Some(6)), (2, Some(7))]);
        assert_eq!(masters.choose(&words, 3), take(1, 0));
        masters.take(place(1), Some(0));
        assert_eq!(masters.choose(&[word(2, 1), word(1, 0)], 3), take(2, 1));
    }

    #[test]
    fn the_present_master_stays_with_whatever_epoch() {
        let mut masters = after(&[(1, Some(5))]);
        for words in [[word(1, 5), word(1, 5)], [word(1, 4), word(1, 4)], [word(1, 4), word(2, 3)]] {
            assert_eq!(masters.choose(&words, 2), Choice::Stay, "{words:?}");
        }
    }

    #[test]
    fn failovers_that_led_away_and_back_unseen_leave_nothing_to_follow() {
        let mut masters = after(&[(1, Some(1))]);
        assert_eq!(masters.choose(&[word(1, 3), word(1, 3)], 3), Choice::Stay);
        assert_eq!(masters.choose(&[word(2, 2), word(1, 3)], 3), Choice::Stay);
        assert_eq!(masters.choose(&[word(2, 2)], 3), Choice::TakeIfGone(place(2), Some(2)));
    }

    #[test]
    fn masters_that_were_left_long_ago_are_forgotten() {
        let masters: Vec<_> = (0..100).map(|port| (port, None)).collect();
        assert_eq!(after(&masters).left.len(), REMEMBERED);
    }
}
