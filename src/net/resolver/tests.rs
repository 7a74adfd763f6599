use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};

use super::*;

/// A resolver whose look-ups of hosts that begin with `slow` hang until they are let go; what it has done.
struct Stage {
    resolver: Resolver,
    seen: Arc<Seen>,
    /// Dropped, it lets all go.
    gate: Option<mpsc::Sender<()>>,
}

#[derive(Default)]
struct Seen {
    hosts: Mutex<Vec<String>>,
    at_once: AtomicUsize,
    most: AtomicUsize,
}

impl Stage {
    fn new() -> Stage {
        let seen = Arc::new(Seen::default());
        let (gate, closed) = mpsc::channel::<()>();
        let closed = Mutex::new(closed);
        let noted = seen.clone();
        let resolver = Resolver::new(move |host: &str| {
            noted.hosts.lock().unwrap().push(host.to_owned());
            let now = noted.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            noted.most.fetch_max(now, Ordering::SeqCst);
            if host.starts_with("slow") {
                // One waits for the end of the channel, the others for that one.
                let _ = closed.lock().unwrap().recv();
            }
            noted.at_once.fetch_sub(1, Ordering::SeqCst);
            match host.strip_prefix("bad ") {
                Some(_) => Err("EAI_AGAIN"),
                None => Ok(vec!["127.0.0.1:0".parse().unwrap()]),
            }
        });
        Stage {
            resolver,
            seen,
            gate: Some(gate),
        }
    }

    /// Asks for a host in a task of its own.
    fn ask(&self, host: &str) -> tokio::task::JoinHandle<Resolved> {
        let (resolver, host) = (self.resolver.clone(), host.to_owned());
        tokio::spawn(async move { resolver.look_up(&host).await })
    }

    fn count(&self, host: &str) -> usize {
        let hosts = self.seen.hosts.lock().unwrap();
        hosts.iter().filter(|other| *other == host).count()
    }

    fn begun(&self) -> usize {
        self.seen.hosts.lock().unwrap().len()
    }

    /// Waits until so many look-ups have been begun.
    async fn until_begun(&self, count: usize) {
        while self.begun() < count {
            sleep(Duration::from_millis(1)).await;
        }
    }

    fn let_go(&mut self) {
        self.gate = None;
    }
}

#[tokio::test]
async fn those_who_ask_for_one_host_share_one_look_up() {
    let mut stage = Stage::new();
    let asked: Vec<_> = (0..40).map(|_| stage.ask("slow")).collect();
    stage.until_begun(1).await;
    stage.let_go();
    for answer in asked {
        assert_eq!(answer.await.unwrap().unwrap().len(), 1);
    }
    assert_eq!(stage.count("slow"), 1);
    stage.resolver.look_up("slow").await.unwrap();
    assert_eq!(stage.count("slow"), 2, "an answer is not kept");
}

#[tokio::test]
async fn a_failure_is_shared_too() {
    let stage = Stage::new();
    let asked: Vec<_> = (0..3).map(|_| stage.ask("bad name")).collect();
    for answer in asked {
        assert_eq!(answer.await.unwrap(), Err("EAI_AGAIN"));
    }
}

#[tokio::test]
async fn many_hosts_are_looked_up_a_few_at_a_time() {
    let stage = Stage::new();
    let asked: Vec<_> = (0..100).map(|i| stage.ask(&format!("host {i}"))).collect();
    for answer in asked {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(stage.begun(), 100);
    assert!(stage.seen.most.load(Ordering::SeqCst) <= SLOTS);
}

#[tokio::test(start_paused = true)]
async fn what_hangs_gives_up_its_slot_to_those_who_wait() {
    let mut stage = Stage::new();
    let hanging: Vec<_> = (0..SLOTS)
        .map(|i| stage.ask(&format!("slow {i}")))
        .collect();
    stage.until_begun(OPEN_SLOTS).await;
    stage.resolver.look_up("healthy").await.unwrap();
    stage.let_go();
    for answer in hanging {
        answer.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_host_that_was_quick_waits_for_none_that_hangs() {
    let stage = Stage::new();
    stage.resolver.look_up("quick").await.unwrap();
    let hanging: Vec<_> = (0..100).map(|i| stage.ask(&format!("slow {i}"))).collect();
    stage.until_begun(1 + OPEN_SLOTS).await;
    stage.resolver.look_up("quick").await.unwrap();
    assert_eq!(stage.count("quick"), 2);
    drop(hanging);
}

#[tokio::test(start_paused = true)]
async fn what_hangs_costs_a_bounded_number_of_threads() {
    let mut stage = Stage::new();
    let hanging: Vec<_> = (0..100).map(|i| stage.ask(&format!("slow {i}"))).collect();
    stage.until_begun(OPEN_SLOTS + STRAYS).await;
    tokio::time::sleep(PATIENCE * 100).await;
    assert_eq!(stage.begun(), OPEN_SLOTS + STRAYS);
    stage.let_go();
    for answer in hanging {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(stage.begun(), 100);
    assert!(stage.seen.most.load(Ordering::SeqCst) <= SLOTS + STRAYS);
    let state = stage.resolver.lock();
    assert_eq!((state.strays, state.asked.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_host_is_slow_that_takes_longer_than_patience_and_until_it_does_not() {
    let mut stage = Stage::new();
    let is_slow = |stage: &Stage| stage.resolver.lock().slow.contains("slow");
    let asked = stage.ask("slow");
    sleep(PATIENCE * 2).await;
    assert!(is_slow(&stage));
    stage.let_go();
    asked.await.unwrap().unwrap();
    assert!(is_slow(&stage));
    tokio::time::resume();
    stage.resolver.look_up("slow").await.unwrap();
    while !stage.resolver.lock().slots.is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(!is_slow(&stage));
}

#[tokio::test]
async fn hosts_that_were_slow_leave_slots_to_others() {
    let mut stage = Stage::new();
    let names: Vec<_> = (0..10).map(|i| format!("slow {i}")).collect();
    stage.resolver.lock().slow = names.iter().map(|name| name.as_str().into()).collect();
    let hanging: Vec<_> = names.iter().map(|name| stage.ask(name)).collect();
    stage.until_begun(SLOW_SLOTS).await;
    for i in 0..20 {
        let healthy = format!("healthy {i}");
        stage.resolver.look_up(&healthy).await.unwrap();
    }
    assert_eq!(stage.begun(), SLOW_SLOTS + 20);
    stage.let_go();
    for answer in hanging {
        answer.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_looked_up() {
    let mut stage = Stage::new();
    let hanging: Vec<_> = (0..SLOTS)
        .map(|i| stage.ask(&format!("slow {i}")))
        .collect();
    stage.until_begun(OPEN_SLOTS).await;
    let given_up = stage.ask("given up");
    tokio::task::yield_now().await;
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    stage.let_go();
    for answer in hanging {
        answer.await.unwrap().unwrap();
    }
    stage.resolver.look_up("wanted").await.unwrap();
    assert_eq!(stage.count("given up"), 0);
    assert!(stage.resolver.lock().asked.is_empty());
}

#[tokio::test]
async fn a_panic_costs_no_slot() {
    let resolver = Resolver::new(|_: &str| panic!("a defect"));
    for host in 0..2 * SLOTS {
        let answer = resolver.look_up(&host.to_string()).await;
        assert_eq!(answer, Err("EAI_FAIL"));
    }
}
