//! A process that is killed between any two of its store calls, or meets one that fails, leaves no session that no list
//! knows.

use std::time::Duration;

use rocket_session_state_core::config::{SessionConfig, WhenFull};
use rocket_session_state_core::session::SaveError;
use tokio::sync::mpsc::UnboundedReceiver;

use super::super::site::log_in;
use super::acts::Act;
use super::processes::Failure;
use super::world::{Cookie, USERS, World, run};

/// The time that has passed when somebody looks: the process may still be at work, or can't be any more.
const LATER: [Duration; 2] = [Duration::ZERO, Duration::from_secs(120)];

/// What befalls a process after so many calls.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Killed,
    /// The next call fails, and the process goes on.
    Meets(Failure),
}

/// What became of an act.
struct Performed {
    /// `None` if its process was killed before.
    answer: Option<Result<(), SaveError>>,
    /// Tells of a call that failed.
    has_failed: UnboundedReceiver<()>,
}

/// Performs an act in a process that gets into trouble after so many calls.
async fn perform(world: &World, act: Act, calls: usize, trouble: Trouble) -> Performed {
    let prepared = act.prepare(world).await;
    let (process, mut troubles) = match trouble {
        Trouble::Killed => world.mortal(calls),
        Trouble::Meets(failure) => world.unlucky(calls, failure),
    };
    let answer = tokio::select! {
        biased;
        _ = troubles.recv(), if matches!(trouble, Trouble::Killed) => None,
        done = prepared.perform(world, process) => Some(done.map(drop)),
    };
    Performed { answer, has_failed: troubles }
}

/// Lets a process get into trouble at every point of an act.
async fn everywhere(act: Act, trouble: Trouble, configure: fn(&mut SessionConfig)) {
    for calls in 0..100 {
        let mut last = None;
        for later in LATER {
            let mut world = World::of_users(configure).await;
            let Performed { answer, mut has_failed } = perform(&world, act, calls, trouble).await;
            world.now += later;
            let explain = format!("{act:?}, {trouble:?} after {calls} calls, {later:?} later: {answer:?}");
            if act.is_of_flask() {
                world.see_all().await;
            }
            world.check_that_lists_know_all(&USERS, &explain).await;
            world.check_that_none_is_left(&USERS, &explain).await;
            // Whoever logs in then is in the list, and alone.
            for user in USERS {
                world.request(&world.process(), &mut Cookie::None, |session| log_in(session, user)).await;
            }
            world.check_lists(&USERS, &format!("{explain}, after a new log-in")).await;
            // Nor did a task fail that the act has left behind.
            last = answer.filter(|_| has_failed.try_recv().is_err());
        }
        // It made fewer calls than these, and so has met no trouble.
        if let Some(answer) = last {
            let well = matches!(answer, Ok(()) | Err(SaveError::TooManySessions { .. }));
            assert!(calls > 0 && well, "{act:?}: {answer:?}");
            return;
        }
    }
    panic!("{act:?} has no end");
}

#[test]
fn a_process_that_is_killed_anywhere_leaves_no_session_that_no_list_knows() {
    for act in Act::ALL {
        run(everywhere(act, Trouble::Killed, |_| {}));
    }
}

#[test]
fn nor_does_one_that_is_killed_where_a_user_has_as_many_sessions_as_may_be() {
    let configurations: [fn(&mut SessionConfig); 4] = [
        |config| config.session_max_per_user = Some(1),
        |config| config.session_max_per_user = Some(2),
        |config| {
            config.session_max_per_user = Some(1);
            config.session_when_full = WhenFull::Refuse;
        },
        |config| {
            config.session_max_per_user = Some(2);
            config.session_when_full = WhenFull::Refuse;
        },
    ];
    for configure in configurations {
        for act in [Act::LogIn, Act::LogInAfresh] {
            run(everywhere(act, Trouble::Killed, configure));
        }
    }
}

#[test]
fn nor_does_one_of_whose_calls_any_fails_or_loses_its_answer() {
    for failure in [Failure::NotMade, Failure::AnswerLost] {
        for act in Act::ALL {
            run(everywhere(act, Trouble::Meets(failure), |_| {}));
        }
    }
}
