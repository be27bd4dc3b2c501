#include "publisher/hash/git_library.h"

#include <git2.h>

#include <iterator>

namespace drydock::publisher {
namespace {

class Library {
 public:
  Library() {
    git_libgit2_init();
    // How config is split, that objects may be missing, that none may be deleted. libgit2 refuses
    // every extension that it was not told of.
    static const char* const kHarmless[] = {"worktreeconfig", "partialclone", "preciousobjects"};
    git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, kHarmless, std::size(kHarmless));
  }
  ~Library() { git_libgit2_shutdown(); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
};

}  // namespace

void StartGitLibrary() { static const Library library; }

}  // namespace drydock::publisher
