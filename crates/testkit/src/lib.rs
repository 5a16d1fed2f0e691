//! For tests alone: fixture walker, expectation update, registry and git servers on loopback.
