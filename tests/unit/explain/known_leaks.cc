// What LeakSanitizer need not report here: glibc loses the split LOCPATH at each newlocale, and
// only a test sets LOCPATH.

// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer's name
extern "C" const char* __lsan_default_suppressions() { return "leak:__argz_add_sep"; }
