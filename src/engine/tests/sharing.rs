//! Clients that share a circuit, each with its driver.

use super::*;

/// Passes only when the engine has nothing left to do.
const A_MOMENT: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn what_one_does_to_the_circuit_the_others_are_told() {
    let [mut one, mut other] = lives("what one does");
    let reply = one.client.call(one.received, Input::OpenCircuit);
    assert_eq!(events(&reply), [Event::CircuitChange(Circuit::Open)]);
    let start = clock::now();
    other.told(Event::CircuitChange(Circuit::Open)).await;
    other.told(Event::CircuitChange(Circuit::HalfOpen)).await;
    assert_eq!((clock::now() - start).as_millis(), 300);
    one.told(Event::CircuitChange(Circuit::HalfOpen)).await;
    one.client.call(one.received, Input::CloseCircuit);
    other.told(Event::CircuitChange(Circuit::Closed)).await;
}

#[tokio::test(start_paused = true)]
async fn one_probes_and_the_other_comes_back_by_its_outcome() {
    let [probe, mut waiting] = half_open("one probes").await;
    probe.answer();
    waiting.told(Event::CircuitChange(Circuit::Closed)).await;
    waiting.told(Event::StateChange(State::Closed)).await;
    waiting.answer();
    waiting.opened().await;
}

#[tokio::test(start_paused = true)]
async fn a_probe_whose_driver_is_gone_gives_its_place_to_the_other() {
    let [probe, mut waiting] = half_open("driver is gone").await;
    probe.drivers.remove_all();
    waiting.told(Event::StateChange(State::Connecting)).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_connect_tells_what_others_have_done() {
    let [one, mut other] = lives("a refused connect");
    let without_retries = Settings {
        max_retries: Some(0),
        ..settings()
    };
    other
        .client
        .assign(Input::Configure(Arc::new(without_retries)));
    one.client.call(one.received, Input::OpenCircuit);
    let reply = other.client.connect(0);
    assert_eq!(reply.refusal, Some(Refusal::CircuitOpen));
    assert_eq!(
        events(&reply),
        [
            Event::CircuitChange(Circuit::Open),
            Event::StateChange(State::Blocked)
        ]
    );
    assert!(other.next_queued().is_none());
}

#[tokio::test(start_paused = true)]
async fn clients_share_by_the_host_of_the_route_that_they_have() {
    let [mut one, mut other] = [0; 2].map(|_| Life::start(settings()));
    for life in [&one, &other] {
        life.client.share(Sharing::Host);
    }
    one.client.set_route(Arc::new(Nowhere("first.example:80")));
    other
        .client
        .set_route(Arc::new(Nowhere("other.example:80")));
    one.client.call(one.received, Input::OpenCircuit);
    tokio::time::sleep(A_MOMENT).await;
    assert!(other.next_queued().is_none());
    other
        .client
        .set_route(Arc::new(Nowhere("first.example:80")));
    other.told(Event::CircuitChange(Circuit::Open)).await;
    one.client.share(Sharing::Alone);
    one.told(Event::CircuitChange(Circuit::Closed)).await;
}

/// A route that is only a host and port.
struct Nowhere(&'static str);

impl Dial for Nowhere {
    fn dial(
        self: Arc<Self>,
        _url_index: usize,
        _limit: Option<Duration>,
        _: Arc<dyn Outside>,
    ) -> DialFuture {
        Box::pin(std::future::pending())
    }

    fn host_port(&self) -> Option<String> {
        Some(self.0.to_owned())
    }
}

#[tokio::test(start_paused = true)]
async fn what_javascript_has_dropped_holds_no_later_call_back() {
    let [one, mut other] = lives("what javascript has dropped");
    one.client.call(one.received, Input::OpenCircuit);
    tokio::time::sleep(A_MOMENT).await;
    one.client.call(one.received, Input::CloseCircuit);
    tokio::time::sleep(A_MOMENT).await;
    // Nobody could be told.
    let notifications = other.mailbox.take().0;
    assert_eq!(
        notifications
            .iter()
            .map(|notification| notification.order)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    other.mailbox.delivered();
    other.connect();
}

impl Life {
    /// Whether the latest that was told of the state is that it connects.
    fn is_connecting(&mut self) -> bool {
        let mut connecting = false;
        while let Some(kind) = self.next_queued() {
            if let NotificationKind::Notice(Notice {
                event: Event::StateChange(state),
                ..
            }) = kind
            {
                connecting = state == State::Connecting;
            }
        }
        connecting
    }

    /// Lets the attempts go on that hang.
    fn answer(&self) {
        if let Some(hang) = &*self.route.hang.lock().unwrap() {
            hang.notify_one();
        }
    }
}

fn lives(name: &str) -> [Life; 2] {
    [0; 2].map(|_| {
        let life = Life::start(settings());
        life.client.share(Sharing::Named(name.to_owned()));
        life
    })
}

/// The one of two clients that probes, and the one that waits for its outcome. Their attempts hang until
/// they are answered.
async fn half_open(name: &str) -> [Life; 2] {
    let mut lives = lives(name);
    for life in &mut lives {
        life.connect();
        let peer = life.accept().await;
        life.opened().await;
        drop(peer);
        life.told(Event::StateChange(State::Closed)).await;
        *life.route.hang.lock().unwrap() = Some(Arc::new(Notify::new()));
    }
    lives[0].client.call(lives[0].received, Input::OpenCircuit);
    for life in &mut lives {
        life.told(Event::StateChange(State::Blocked)).await;
    }
    for life in &mut lives {
        life.told(Event::CircuitChange(Circuit::HalfOpen)).await;
    }
    tokio::time::sleep(A_MOMENT).await;
    let [mut one, mut other] = lives;
    match (one.is_connecting(), other.is_connecting()) {
        (true, false) => [one, other],
        (false, true) => [other, one],
        both => panic!("who connects: {both:?}"),
    }
}

/// As `a_probe_whose_driver_is_gone…`, in the moment in which the driver has been begun and not run yet.
#[tokio::test(start_paused = true)]
async fn a_driver_that_is_removed_before_it_runs_leaves() {
    use std::future::Future;
    use std::task::{Context, Waker};

    let life = Life::start(settings());
    let drivers = Drivers::new();
    let client = Arc::new(Client::new(Setup {
        id: 9,
        home: 1,
        settings: Arc::new(settings()),
        heartbeat: Arc::new(String::new()),
        route: life.route.clone(),
        mailbox: life.mailbox.clone(),
        agenda: drivers.agenda().clone(),
        watchdog: Arc::default(),
        read_set: None,
        fast_paths: FastPaths::default(),
        delivery: Arc::default(),
        marks: Marks::default(),
    }));
    drivers.add(client.clone());
    client.share(Sharing::Named("removed before it runs".into()));
    assert!(client.call(0, Input::OpenCircuit).refusal.is_none());
    let mut running = std::pin::pin!(drivers.clone().run());
    let _ = running
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(drivers.is_driving(9));
    drivers.remove_all();
    tokio::time::sleep(A_MOMENT).await;
    let circuit = crate::sync::lock(&client.core).link.circuit();
    assert_eq!(circuit, Circuit::Closed, "it has not left its circuit");
}

/// The same in the moment in which the driver comes to rest.
#[tokio::test(start_paused = true)]
async fn a_driver_that_is_removed_while_it_comes_to_rest_leaves() {
    let mut one = Life::start(settings());
    one.client
        .share(Sharing::Named("removed while it rests".into()));
    let drivers = Drivers::new();
    let inner = Arc::new(Mutex::new(None::<Arc<Drivers>>));
    let hook = inner.clone();
    let mailbox = Arc::new(Mailbox::new(move || {
        if let Some(drivers) = hook.lock().unwrap().take() {
            // JavaScript's thread.
            std::thread::spawn(move || drivers.remove_all())
                .join()
                .unwrap();
        }
    }));
    let client = Arc::new(Client::new(Setup {
        id: 9,
        home: 1,
        settings: Arc::new(settings()),
        heartbeat: Arc::new(String::new()),
        route: one.route.clone(),
        mailbox: mailbox.clone(),
        agenda: drivers.agenda().clone(),
        watchdog: Arc::default(),
        read_set: None,
        fast_paths: FastPaths::default(),
        delivery: Arc::default(),
        marks: Marks::default(),
    }));
    drivers.add(client.clone());
    tokio::spawn(drivers.clone().run());
    client.share(Sharing::Named("removed while it rests".into()));
    tokio::time::sleep(A_MOMENT).await;
    assert!(drivers.is_driving(9));
    *inner.lock().unwrap() = Some(drivers.clone());
    // It would rest in this moment.
    tokio::time::advance(Duration::from_secs(1)).await;
    one.client.call(one.received, Input::OpenCircuit);
    tokio::time::sleep(A_MOMENT).await;
    assert!(inner.lock().unwrap().is_none());
    let circuit = crate::sync::lock(&client.core).link.circuit();
    assert_eq!(circuit, Circuit::Closed, "it has not left its circuit");
    let _ = one.next_queued();
}
