// What ThreadSanitizer may take for a cycle of locks. Nobody tells it that a std::mutex is gone, so
// the mutexes of one test's rig and of the next one's, at the same addresses in other roles, look
// like the same: Internet before Witness in the one, Witness before FaultState in the other.

// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer's name
extern "C" const char* __tsan_default_options() { return "detect_deadlocks=0"; }
