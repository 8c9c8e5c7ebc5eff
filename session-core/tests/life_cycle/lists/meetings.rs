//! Two that meet in every order of their store calls: no session is in no list, and who ends all ends all.

use std::time::Duration;

use rocket_session_state_core::config::{SessionConfig, WhenFull};
use rocket_session_state_core::session::SaveError;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use super::acts::Act;
use super::processes::Turn;
use super::world::{Cookie, USERS, World, run};

/// More calls than an act ever makes.
const ALL: usize = 100;

/// The numbers of calls that are made in turns, the first act's first. What is left is done by the second act, then by
/// the first.
type Order = [usize; 3];

/// What became of a meeting.
struct Met {
    answers: [Result<Cookie, SaveError>; 2],
    /// The number of calls that each has made.
    calls: [usize; 2],
}

/// The calls of one act.
struct Side {
    turns: UnboundedReceiver<Turn>,
    made: usize,
}

impl Side {
    /// Makes calls, fewer if the act has ended.
    async fn make(&mut self, calls: usize) {
        for _ in 0..calls {
            let Some(turn) = self.turns.recv().await else { return };
            turn.take().await;
            self.made += 1;
        }
    }
}

/// The sessions of the two.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sessions {
    OfTheirOwn,
    /// The second request comes with the cookie of the first.
    One,
}

/// Lets two acts meet that are performed by two processes.
async fn meet(world: &World, acts: [Act; 2], sessions: Sessions, order: Order) -> Met {
    let first = acts[0].prepare(world).await;
    let second = match sessions {
        Sessions::OfTheirOwn => acts[1].prepare(world).await,
        Sessions::One => acts[1].with(world, first.cookie.clone()).await,
    };
    let [(one, first_turns), (two, second_turns)] = [world.in_turn(), world.in_turn()];
    let mut sides = [first_turns, second_turns].map(|turns| Side { turns, made: 0 });
    let answers = tokio::select! {
        biased;
        answers = async { tokio::join!(first.perform(world, one), second.perform(world, two)) } => answers,
        () = conduct(&mut sides, order) => panic!("{acts:?} in order {order:?} wait for each other"),
    };
    Met { answers: answers.into(), calls: sides.map(|side| side.made) }
}

async fn conduct([first, second]: &mut [Side; 2], order: Order) {
    first.make(order[0]).await;
    second.make(order[1]).await;
    first.make(order[2]).await;
    second.make(ALL).await;
    first.make(ALL).await;
    // Their answers need no call.
    sleep(Duration::from_secs(3600)).await;
}

/// Lets two acts meet in every order in which one is interrupted by the other once, and that by the first one again.
async fn in_every_order(
    acts: [Act; 2],
    sessions: Sessions,
    configure: fn(&mut SessionConfig),
    check: fn(&World, &Met, Order, &[String]),
) {
    let most = {
        let met = meet(&World::of_users(configure).await, acts, sessions, [ALL, ALL, 0]).await;
        // A conflict makes a few more.
        met.calls.map(|calls| calls + 4)
    };
    let mut orders = vec![[0, ALL, ALL], [ALL, ALL, 0]];
    for first in 0..most[0] {
        for second in 1..most[1] {
            orders.extend((0..most[0].saturating_sub(first)).step_by(2).map(|again| [first, second, again]));
        }
    }
    for order in orders {
        let world = World::of_users(configure).await;
        let met = meet(&world, acts, sessions, order).await;
        let explain = format!(
            "{acts:?} in order {order:?}, {} and {} calls: {:?}",
            met.calls[0], met.calls[1], met.answers
        );
        for answer in &met.answers {
            let told = matches!(
                answer,
                Ok(_) | Err(SaveError::Ended | SaveError::Renewed | SaveError::TooManySessions { .. })
            );
            assert!(told, "{explain}");
        }
        world.check_lists(&USERS, &explain).await;
        check(&world, &met, order, &world.living_of("ann").await);
        world.check_that_none_is_left(&USERS, &explain).await;
    }
}

/// Ann's session on the other device is gone, and so is one whose log-in was answered before.
fn all_have_ended(_: &World, met: &Met, order: Order, living: &[String]) {
    let answered_before = order == [ALL, ALL, 0];
    assert!(!answered_before || living.is_empty(), "{order:?}: {living:?}");
    // What is left is what the act beside it has made.
    assert!(living.len() <= 1, "{order:?}: {living:?}");
    if let [id] = living {
        let made = met.answers[0].as_ref().ok().and_then(Option::as_ref);
        assert_eq!(made, Some(id), "{order:?}: nobody was told of the session that lives");
    }
}

#[test]
fn beside_an_end_of_all_nothing_lives_on_that_is_in_no_list() {
    let beside = [
        Act::LogIn,
        Act::LogInAfresh,
        Act::LogInAgain,
        Act::ChangeOfUser,
        Act::Renewal,
        Act::Write,
        Act::LogOut,
        Act::LogOutWithMessage,
        Act::Destroy,
    ];
    for act in beside {
        run(in_every_order([act, Act::EndAll], Sessions::OfTheirOwn, |_| {}, all_have_ended));
    }
}

#[test]
fn beside_an_end_of_all_a_session_of_flask_is_entered_or_ended() {
    for act in [Act::FirstSight, Act::FirstSightAndWrite, Act::SightOfAnotherUser, Act::SightOfAnotherId] {
        run(in_every_order([act, Act::EndAll], Sessions::OfTheirOwn, |_| {}, |_, _, _, _| {}));
    }
}

#[test]
fn two_that_change_one_list_lose_nothing_of_each_other() {
    let pairs = [
        [Act::LogIn, Act::LogInAfresh],
        [Act::LogIn, Act::LogOut],
        [Act::LogInAfresh, Act::End],
        [Act::LogInAfresh, Act::EndOthers],
        [Act::LogInAfresh, Act::Look],
        [Act::Renewal, Act::LogOut],
        [Act::ChangeOfUser, Act::LogOut],
        [Act::EndAll, Act::EndAll],
        [Act::EndOthers, Act::EndOthers],
    ];
    for pair in pairs {
        run(in_every_order(pair, Sessions::OfTheirOwn, |_| {}, |_, _, _, _| {}));
    }
}

#[test]
fn of_two_log_ins_that_meet_at_the_limit_as_many_live_as_may_be() {
    let limits: [fn(&mut SessionConfig); 2] = [
        |config| config.session_max_per_user = Some(2),
        |config| {
            config.session_max_per_user = Some(2);
            config.session_when_full = WhenFull::Refuse;
        },
    ];
    for limit in limits {
        for pair in [[Act::LogIn, Act::LogInAfresh], [Act::LogInAfresh, Act::LogInAfresh]] {
            run(in_every_order(pair, Sessions::OfTheirOwn, limit, |_, met, order, living| {
                assert!(matches!(living.len(), 1 | 2), "{order:?}: {living:?}: {:?}", met.answers);
            }));
        }
    }
}

#[test]
fn two_requests_of_one_session_leave_none_that_is_in_no_list() {
    let pairs = [
        [Act::LogIn, Act::LogIn],
        [Act::LogIn, Act::Renewal],
        [Act::LogInAgain, Act::LogInAgain],
        [Act::LogInAgain, Act::Renewal],
        [Act::LogInAgain, Act::LogOut],
        [Act::LogInAgain, Act::ChangeOfUser],
        [Act::Renewal, Act::Renewal],
        [Act::Renewal, Act::LogOut],
        [Act::Renewal, Act::LogOutWithMessage],
        [Act::Renewal, Act::Destroy],
        [Act::Renewal, Act::ChangeOfUser],
        [Act::Renewal, Act::End],
        [Act::Renewal, Act::EndOthers],
        [Act::ChangeOfUser, Act::ChangeOfUser],
        [Act::ChangeOfUser, Act::End],
        [Act::FirstSight, Act::FirstSight],
        [Act::FirstSight, Act::ChangeOfUser],
        [Act::FirstSightAndWrite, Act::Renewal],
        [Act::FirstSightAndWrite, Act::LogOut],
        [Act::SightOfAnotherUser, Act::Renewal],
        [Act::SightOfAnotherUser, Act::LogInAgain],
        [Act::SightOfAnotherId, Act::Renewal],
    ];
    for pair in pairs {
        run(in_every_order(pair, Sessions::One, |_| {}, |_, _, _, _| {}));
    }
}
