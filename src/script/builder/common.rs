//! What scripts of every protocol can do, as methods of their builders.

/// The session as a whole, and the modifiers that know no protocol.
///
/// The builder has the fields `draft` and `kind`; `$transport` is what it is about.
macro_rules! script_methods {
    ($builder:ident, $protocol:ty, $transport:literal) => {
        impl $builder {
            pub(crate) fn new(draft: crate::script::Draft<$protocol>) -> Self {
                Self { draft, kind: std::marker::PhantomData }
            }
        }

        /// The session as a whole.
        impl<K> $builder<K> {
            /// Gives the session a name, which every message then uses.
            pub fn named(mut self, name: impl AsRef<str>) -> Self {
                self.draft.set_name(name.as_ref());
                self
            }

            /// The client takes turns: its sends, too, wait until it has received everything that the
            /// script has before them.
            pub fn lockstep(mut self) -> Self {
                self.draft.script_mut().lockstep = true;
                self
            }

            #[doc = concat!(
                "The peer keeps the connection open and stays silent at the end: a client may wait \
                 there, and may keep its ", $transport, " beyond the verdict."
            )]
            pub fn stays_open(mut self) -> Self {
                self.draft.script_mut().stays_open = true;
                self
            }

            /// The script is not at its end where it ends: what the client does past it waits until
            /// [`Session::then`](crate::scripted::Session::then) adds more.
            pub fn open_ended(mut self) -> Self {
                self.draft.script_mut().open_ended = true;
                self
            }

            /// Lands what was written of a session that goes on.
            #[track_caller]
            pub(crate) fn land_more(self) {
                self.draft.land_more();
            }

            /// Lands the script now and gives its session, for assertions and for
            /// [`then`](crate::scripted::Session::then).
            pub fn handle(self) -> crate::double::Session<$protocol> {
                let (shared, session) = self.draft.land(false);
                crate::double::Session::new(shared, session)
            }

            #[track_caller]
            fn land_connected(
                mut self,
                method: &str,
            ) -> (std::sync::Arc<crate::session::Shared>, usize) {
                assert!(
                    !self.draft.script_mut().begins_with_entry(),
                    "`{method}` hands out a {} that is connected already: take the \
                     `expect_connect` away, or let the client connect",
                    $transport,
                );
                self.draft.land(true)
            }

            #[track_caller]
            fn step<N>(mut self, what: crate::script::What<$protocol>) -> $builder<N> {
                self.draft.push(what);
                $builder { draft: self.draft, kind: std::marker::PhantomData }
            }

            fn modified(
                mut self,
                modify: impl FnOnce(&mut crate::script::Step<$protocol>),
            ) -> Self {
                if let Some(step) = self.draft.last() {
                    modify(step);
                }
                self
            }
        }

        /// Modifiers of the step that was written last.
        impl<K: crate::script::modifiers::Step> $builder<K> {
            /// The step may be left out: the verdict does not miss it.
            ///
            /// What the client may do is one of several things that may come next until what it does
            /// decides. What the peer says it says all the same; the client need not receive it.
            pub fn optional(self) -> Self {
                self.modified(|step| step.times = step.times.or_never())
            }
        }

        impl<K: crate::script::modifiers::After> $builder<K> {
            /// The answer comes only when `delay` has passed since the client first waited for it; of
            /// a step that comes several times, each time.
            ///
            /// The delay runs on the verifier's [`Timer`](crate::Timer), if it was given one, and in
            /// real time otherwise.
            pub fn after(self, delay: std::time::Duration) -> Self {
                let delay = delay.min(crate::script::LONGEST_WAIT);
                self.modified(|step| step.delay = crate::script::Delay::After(delay))
            }
        }

        impl<K: crate::script::modifiers::Step + crate::script::modifiers::Never> $builder<K> {
            /// There is no answer: whoever waits for it waits until its own timer ends that, or the
            /// verifier's deadline does.
            ///
            /// What the peer never says counts as used once the client has waited for it, or has gone
            /// on without it: it lasts until the client does the next thing that the script has the
            /// peer hear.
            pub fn never(self) -> Self {
                self.modified(|step| step.delay = crate::script::Delay::Never)
            }
        }

        impl<K> std::fmt::Debug for $builder<K> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($builder)).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use script_methods;
