//! Many log-ins: as many sessions of a user live as may be, and every list is right and short.

use std::time::Duration;

use rocket_session_state_core::config::WhenFull;
use rocket_session_state_core::session::SaveError;

use super::super::site::log_in;
use super::world::{Cookie, World, run};

/// The most that a list of five may take in the store, in bytes.
const LIST: usize = 4096;

#[test]
fn after_ten_thousand_log_ins_five_sessions_live_and_their_list_is_short() {
    const LOG_INS: usize = 10_000;
    run(async {
        let mut world = World::new(|config| config.session_max_per_user = Some(5));
        let process = world.process();
        let mut latest: Vec<Cookie> = Vec::new();
        for number in 0..LOG_INS {
            // As they come: some at the same time, some after a night.
            world.now += Duration::from_secs([0, 1, 7, 40_000][number % 4]);
            let mut cookie = Cookie::None;
            if number % 3 == 0 {
                world.request(&process, &mut cookie, |session| session.set("cart", "tea")).await;
            }
            world
                .request(&process, &mut cookie, |session| {
                    log_in(session, "ann");
                    session.set_label(&"a browser of a very long name ".repeat(20));
                })
                .await;
            latest.push(cookie);
            let sizes = world.list_sizes().await;
            assert!(matches!(sizes[..], [1..LIST]), "after {number} log-ins: {sizes:?}");
        }
        let mut living = world.living_of("ann").await;
        let mut expected: Vec<String> = latest.into_iter().rev().take(5).flatten().collect();
        living.sort();
        expected.sort();
        assert_eq!(living, expected, "the five latest");
        world.check_lists(&["ann"], "after all of them").await;
    });
}

/// Lets a hundred users log in ten times each, all at once, by way of four processes.
async fn thousand_log_ins(world: &World) -> Vec<Result<(), SaveError>> {
    let processes: Vec<_> = (0..4).map(|_| world.process()).collect();
    let log_ins: Vec<_> = (0..1000)
        .map(|number| {
            let (process, now) = (processes[number % 4].clone(), world.now);
            // Each user by way of several processes.
            let user = format!("user-{}", number / 4 % 100);
            tokio::spawn(async move {
                let session = process.open(None, now).await.unwrap();
                log_in(&session, &user);
                process.close(&session, now).await.map(drop)
            })
        })
        .collect();
    let mut answers = Vec::new();
    for log_in in log_ins {
        answers.push(log_in.await.unwrap());
    }
    answers
}

fn users() -> Vec<String> {
    (0..100).map(|number| format!("user-{number}")).collect()
}

async fn check_lists_of_all(world: &World, explain: &str) {
    let users = users();
    world.check_lists(&users.iter().map(String::as_str).collect::<Vec<_>>(), explain).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_log_ins_of_a_hundred_users_at_once_are_all_in_their_lists() {
    let world = World::new(|_| {});
    for answer in thousand_log_ins(&world).await {
        answer.unwrap();
    }
    assert_eq!(world.living().await.len(), 1000);
    check_lists_of_all(&world, "without a limit").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_thousand_log_ins_of_a_hundred_users_at_once_five_of_each_live() {
    for when_full in [WhenFull::Oldest, WhenFull::Refuse] {
        let world = World::new(|config| {
            config.session_max_per_user = Some(5);
            config.session_when_full = when_full;
        });
        let answers = thousand_log_ins(&world).await;
        for answer in &answers {
            match (when_full, answer) {
                (_, Ok(())) | (WhenFull::Refuse, Err(SaveError::TooManySessions { limit: 5 })) => {}
                // Another log-in was later, and this one the oldest before it had ended.
                (WhenFull::Oldest, Err(SaveError::Ended)) => {}
                (_, Err(error)) => panic!("{when_full:?}: {error:?}"),
            }
        }
        let living = world.living().await;
        for user in users() {
            let lives = living.iter().filter(|living| living.user == user).count();
            assert_eq!(lives, 5, "{when_full:?}: {user}");
        }
        check_lists_of_all(&world, &format!("{when_full:?}")).await;
        if when_full == WhenFull::Refuse {
            assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 500);
            let sixth = world
                .try_request(&world.process(), &mut Cookie::None, |session| log_in(session, "user-7"))
                .await;
            assert!(matches!(sixth, Err(SaveError::TooManySessions { limit: 5 })), "{sixth:?}");
        }
    }
}
