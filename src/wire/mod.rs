//! The wire translates bytes to messages and back, with no I/O.
