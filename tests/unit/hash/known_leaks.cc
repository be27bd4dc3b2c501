// What LeakSanitizer need not report here: libgit2 1.5 loses a small match buffer whenever it opens
// a repository with extensions.

// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer's name
extern "C" const char* __lsan_default_suppressions() { return "leak:libpcre2-8.so"; }
