// libgit2 counts its users and reads the system's certificates when the first one comes: whoever
// plays many scenarios holds a session meanwhile. Threads: any.
#pragma once

#include <git2.h>

namespace drydock::scenarios {

struct GitSession {
  GitSession() { git_libgit2_init(); }
  ~GitSession() { git_libgit2_shutdown(); }
  GitSession(const GitSession&) = delete;
  GitSession& operator=(const GitSession&) = delete;
};

}  // namespace drydock::scenarios
