// Whether this program's output becomes a CI's log that understands annotations.
#pragma once

namespace drydock::cli {

// GitHub's and Gitea's runners say so in the environment: GITHUB_ACTIONS or GITEA_ACTIONS is
// "true".
bool LogTakesAnnotations();

}  // namespace drydock::cli
