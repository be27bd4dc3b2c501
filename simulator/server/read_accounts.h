// The accounts file of `drydock serve`: who may push where. A file, since what stands on a command
// line can be read by every user of the machine.
//   { "accounts": [ { "name": "acme", "password": "…" } ] }
// Threads: pure functions. Source: issue 2 section 8 and "Bad input".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "simulator/registry/token_service.h"

namespace drydock::simulator {

inline constexpr std::size_t kAccountsMax = 1000;

// A list of accounts; what is wrong in it gathers in `source`.
std::vector<Account> ReadAccountList(json::Source& source, const json::Value& list);

// kNotFound when the file cannot be read; kInvalid with file and line for what is wrong in it.
// No message repeats a password.
Result<std::vector<Account>> ReadAccountsFile(const std::string& path);
Result<std::vector<Account>> ParseAccounts(std::string_view text, const std::string& path);

}  // namespace drydock::simulator
