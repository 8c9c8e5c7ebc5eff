//! Several at once, in every order of store calls that chance finds: in processes of their own or in one, with sessions of
//! their own or with one.

use proptest::prelude::*;
use rocket_session_state_core::session::SaveError;

use super::acts::{Act, Prepared};
use super::world::{USERS, World, run};

/// Some acts, and the time that each of their store calls takes, in milliseconds.
#[derive(Debug, Clone)]
struct Crowd {
    acts: Vec<(Act, Vec<u64>)>,
    in_one_process: bool,
    in_one_session: bool,
    limit: Option<usize>,
}

fn crowds() -> impl Strategy<Value = Crowd> {
    // The last one is so slow that others take it for dead.
    let pause = prop::sample::select(vec![0, 1, 2, 5, 20, 4_000]);
    let act = (prop::sample::select(Act::ALL.to_vec()), prop::collection::vec(pause, 16));
    let limit = prop::option::of(1..4_usize);
    (prop::collection::vec(act, 2..=5), any::<bool>(), any::<bool>(), limit).prop_map(
        |(acts, in_one_process, in_one_session, limit)| Crowd { acts, in_one_process, in_one_session, limit },
    )
}

async fn come_together(crowd: &Crowd) {
    let world = World::of_users(|config| config.session_max_per_user = crowd.limit).await;
    let mut prepared = Vec::new();
    for (act, _) in &crowd.acts {
        let of_first = prepared.first().filter(|_| crowd.in_one_session);
        prepared.push(match of_first.map(|first: &Prepared| first.cookie.clone()) {
            Some(cookie) => act.with(&world, cookie).await,
            None => act.prepare(&world).await,
        });
    }
    let shared = world.slow(crowd.acts[0].1.clone());
    let running = prepared.into_iter().zip(&crowd.acts).map(|(prepared, (_, pauses))| {
        let process = if crowd.in_one_process { shared.clone() } else { world.slow(pauses.clone()) };
        prepared.perform(&world, process)
    });
    let answers = futures_util::future::join_all(running).await;
    let explain = format!("{crowd:?}: {answers:?}");
    for answer in &answers {
        assert!(matches!(answer, Ok(_) | Err(SaveError::Ended | SaveError::Renewed)), "{explain}");
    }
    if crowd.acts.iter().any(|(act, _)| act.is_of_flask()) {
        world.see_all().await;
    }
    world.check_that_lists_know_all(&USERS, &explain).await;
    for user in USERS {
        let lines = world.sessions_of(&world.process(), user).list().await.unwrap().len();
        assert!(lines <= crowd.limit.unwrap_or(usize::MAX), "{explain}: {lines} of {user}");
    }
    world.check_that_none_is_left(&USERS, &explain).await;
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn whatever_comes_together_leaves_each_session_in_its_list(crowd in crowds()) {
        run(come_together(&crowd));
    }
}
