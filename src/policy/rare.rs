//! State that most clients never have.

/// Takes the room of a pointer, and a box from its first use on.
#[cfg(not(feature = "browser"))]
#[derive(Clone, Debug)]
pub struct Rare<T>(Option<Box<T>>);

#[cfg(not(feature = "browser"))]
impl<T> Default for Rare<T> {
    fn default() -> Rare<T> {
        Rare(None)
    }
}

#[cfg(not(feature = "browser"))]
impl<T: Default> Rare<T> {
    /// `None` before the first use.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.0.as_deref()
    }

    /// `None` before the first use.
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }

    pub fn used(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }

    /// What was used; `None` before the first use.
    #[inline]
    pub fn into_used(self) -> Option<Box<T>> {
        self.0
    }

    /// As before the first use.
    pub fn clear(&mut self) {
        self.0 = None;
    }
}

/// Is there from the first: a browser has few clients, and loads the code for a box.
#[cfg(feature = "browser")]
#[derive(Clone, Debug, Default)]
pub struct Rare<T>(T);

#[cfg(feature = "browser")]
impl<T: Default> Rare<T> {
    pub fn get(&self) -> Option<&T> {
        Some(&self.0)
    }

    pub fn get_mut(&mut self) -> Option<&mut T> {
        Some(&mut self.0)
    }

    pub fn used(&mut self) -> &mut T {
        &mut self.0
    }

    pub fn clear(&mut self) {
        self.0 = T::default();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(not(feature = "browser"))]
    fn what_is_not_used_takes_a_pointer() {
        use super::Rare;

        let mut rare = Rare::<[u64; 9]>::default();
        assert_eq!(size_of_val(&rare), size_of::<usize>());
        assert!(rare.get().is_none() && rare.get_mut().is_none());
        rare.used()[0] = 7;
        assert_eq!(rare.get().map(|used| used[0]), Some(7));
        rare.clear();
        assert!(rare.get().is_none());
    }
}
