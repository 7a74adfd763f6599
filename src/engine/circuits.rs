//! The circuits that clients share, across all threads of the process.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::wake::DriverWake;
use crate::policy::{Breaker, SharedBreaker};
use crate::sync::{Guard, Lock, Rank, lock};

/// The circuits that are shared. Each is there as long as it has a member.
///
/// Nobody holds two cores: a client that moves a circuit only wakes the drivers of the others.
static CIRCUITS: Lock<BTreeMap<Scope, Arc<SharedCircuit>>> =
    Lock::new(Rank::Circuits, BTreeMap::new());

/// With whom a client shares its circuit.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sharing {
    #[default]
    Alone,
    /// With all that connect to the same host and port.
    Host,
    /// With all that give the same name.
    Named(String),
}

/// What those who share a circuit have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    Host(String),
    Name(String),
}

/// A breaker, and the clients that go by it.
struct SharedCircuit {
    breaker: Lock<Breaker>,
    moves: AtomicU64,
    members: Lock<Members>,
}

/// How to wake the drivers of the members.
#[derive(Default)]
struct Members {
    last: u64,
    wakes: BTreeMap<u64, Arc<DriverWake>>,
}

/// One client at a shared circuit, which it leaves when dropped.
pub(super) struct Member {
    scope: Scope,
    circuit: Arc<SharedCircuit>,
    number: u64,
}

/// The breaker of a shared circuit, for one member alone.
struct BreakerGuard<'a> {
    breaker: Guard<'a, Breaker>,
    of: &'a Member,
}

impl Sharing {
    /// The scope for a client that connects to `host_port`.
    pub(super) fn scope(&self, host_port: Option<String>) -> Option<Scope> {
        match self {
            Sharing::Alone => None,
            Sharing::Host => host_port.map(Scope::Host),
            Sharing::Named(name) => Some(Scope::Name(name.clone())),
        }
    }

    /// The scope of each of several hosts, or the one of all.
    pub(super) fn scopes(&self, host_ports: Vec<String>) -> Vec<Scope> {
        match self {
            Sharing::Alone => Vec::new(),
            Sharing::Host => host_ports.into_iter().map(Scope::Host).collect(),
            Sharing::Named(name) => vec![Scope::Name(name.clone())],
        }
    }
}

impl Member {
    /// Joins the circuit of `scope`. `wake` is told whenever another member has moved it.
    pub(super) fn new(scope: Scope, wake: Arc<DriverWake>) -> Member {
        let mut circuits = lock(&CIRCUITS);
        let circuit = circuits.entry(scope.clone()).or_default().clone();
        let number = {
            let mut members = lock(&circuit.members);
            members.last += 1;
            let number = members.last;
            members.wakes.insert(number, wake);
            number
        };
        Member {
            scope,
            circuit,
            number,
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut circuits = lock(&CIRCUITS);
        let mut members = lock(&self.circuit.members);
        members.wakes.remove(&self.number);
        if members.wakes.is_empty() {
            circuits.remove(&self.scope);
        }
    }
}

impl SharedBreaker for Member {
    fn lock(&self) -> Box<dyn DerefMut<Target = Breaker> + '_> {
        Box::new(BreakerGuard {
            breaker: lock(&self.circuit.breaker),
            of: self,
        })
    }

    fn moves(&self) -> u64 {
        self.circuit.moves.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "member {} of {:?}", self.number, self.scope)
    }
}

impl Default for SharedCircuit {
    fn default() -> SharedCircuit {
        SharedCircuit {
            breaker: Lock::new(Rank::Breaker, Breaker::shared()),
            moves: AtomicU64::new(0),
            members: Lock::new(Rank::Members, Members::default()),
        }
    }
}

impl Deref for BreakerGuard<'_> {
    type Target = Breaker;

    fn deref(&self) -> &Breaker {
        &self.breaker
    }
}

impl DerefMut for BreakerGuard<'_> {
    fn deref_mut(&mut self) -> &mut Breaker {
        &mut self.breaker
    }
}

impl Drop for BreakerGuard<'_> {
    /// Wakes the others where the circuit was moved, before anybody else can lock the breaker.
    fn drop(&mut self) {
        let Member {
            circuit, number, ..
        } = self.of;
        let moves = self.breaker.moves();
        if circuit.moves.swap(moves, Ordering::AcqRel) == moves {
            return;
        }
        for (other, wake) in &lock(&circuit.members).wakes {
            if other != number {
                wake.wake();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::clock;
    use super::*;
    use crate::policy::{Circuit, CircuitSettings};

    #[test]
    fn a_circuit_is_one_for_all_of_its_scope_and_gone_with_the_last() {
        let scope = Scope::Name("gone with the last".to_owned());
        let host = Scope::Host("gone with the last".to_owned());
        let (first, second) = (join(&scope), join(&scope));
        let other = join(&host);
        first.lock().open(&settings(), clock::now());
        assert_eq!(second.lock().circuit(), Circuit::Open);
        assert_eq!(other.lock().circuit(), Circuit::Closed);
        assert_eq!(second.moves(), 1);
        drop(first);
        assert_eq!(join(&scope).lock().circuit(), Circuit::Open);
        drop(second);
        assert_eq!(join(&scope).lock().circuit(), Circuit::Closed);
        drop(other);
        let circuits = lock(&CIRCUITS);
        assert!(!circuits.contains_key(&scope) && !circuits.contains_key(&host));
    }

    #[tokio::test]
    async fn who_moves_a_circuit_wakes_the_others_and_who_only_looks_does_not() {
        let scope = Scope::Name("wakes the others".to_owned());
        let (here, there) = (wake(), wake());
        let mover = Member::new(scope.clone(), here.clone());
        let _other = Member::new(scope, there.clone());
        drop(mover.lock());
        assert!(!is_told(&there).await);
        mover.lock().open(&settings(), clock::now());
        assert!(is_told(&there).await);
        assert!(!is_told(&here).await);
    }

    async fn is_told(wake: &DriverWake) -> bool {
        tokio::time::timeout(Duration::ZERO, wake.woken())
            .await
            .is_ok()
    }

    fn wake() -> Arc<DriverWake> {
        Arc::new(DriverWake::new(1, Arc::default()))
    }

    fn join(scope: &Scope) -> Member {
        Member::new(scope.clone(), wake())
    }

    fn settings() -> CircuitSettings {
        CircuitSettings {
            failure_threshold: 1,
            rate: None,
            reset_timeout: Duration::from_secs(60),
            half_open_max: 1,
        }
    }
}
