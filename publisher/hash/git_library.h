// libgit2's global state, for everything here that opens a repository. Threads: any.
#pragma once

namespace drydock::publisher {

// Starts libgit2, once, until the process ends, and lets it open repositories with extensions that
// change nothing about the bytes of objects: those of sparse checkouts and partial clones.
void StartGitLibrary();

}  // namespace drydock::publisher
