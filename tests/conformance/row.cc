#include "tests/conformance/row.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "core/digest.h"
#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"
#include "simulator/registry/error_code.h"
#include "tests/conformance/wire.h"

namespace drydock::simulator {
namespace {

bool IsForTokens(const Ask& ask) { return ask.target.find("/token") != std::string::npos; }

// What the server in front says, which knows nothing of codes.
constexpr std::array<std::pair<int, std::string_view>, 3> kPlainRefusals = {{
    {404, "404 page not found\n"},
    {414, "414 URI too long\n"},
    {431, "431 request header fields too large\n"},
}};

void CheckRefusal(const BenchReply& reply) {
  if (reply.headers.Get("Content-Type").rfind("application/json", 0) != 0) {
    EXPECT_EQ(std::count(kPlainRefusals.begin(), kPlainRefusals.end(),
                         std::pair(reply.status, std::string_view(reply.body))),
              1)
        << reply.status << " " << reply.body;
    return;
  }
  const auto parsed = json::Parse(reply.body, "body");
  const json::Value* errors = parsed ? parsed->Find("errors") : nullptr;
  ASSERT_TRUE(errors != nullptr && errors->as_array() != nullptr) << reply.body;
  bool of_status = false;
  for (const json::Value& error : *errors->as_array()) {
    const auto rows = ErrorRows();
    const auto named = [&](const ErrorRow& row) { return row.name == error.Text("code"); };
    EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), named)) << reply.body;
    EXPECT_NE(error.Text("message"), "") << reply.body;
    EXPECT_NE(error.Find("detail"), nullptr) << reply.body;
    of_status = of_status || std::any_of(rows.begin(), rows.end(), [&](const ErrorRow& row) {
                  return named(row) && row.status == reply.status;
                });
  }
  EXPECT_TRUE(of_status) << reply.status << " " << reply.body;
}

// What every answer must keep to, whatever was asked.
void CheckManners(const Ask& ask, const BenchReply& reply) {
  if (!IsForTokens(ask)) {
    EXPECT_EQ(reply.headers.All("Docker-Distribution-Api-Version"),
              std::vector<std::string>{"registry/2.0"});
  }
  if (reply.status == 204 || reply.status == 304) {
    EXPECT_FALSE(reply.headers.Has("Content-Length")) << "RFC 9110 8.6";
    EXPECT_EQ(reply.body, "");
    return;
  }
  ASSERT_EQ(reply.headers.All("Content-Length").size(), 1U);
  if (ask.method == "HEAD") {
    EXPECT_EQ(reply.body, "");
    return;
  }
  EXPECT_EQ(reply.headers.Get("Content-Length"), std::to_string(reply.body.size()));
  EXPECT_LE(reply.headers.All("Content-Type").size(), 1U);
  if (reply.headers.Get("Content-Type").rfind("application/json", 0) == 0) {
    EXPECT_TRUE(json::Parse(reply.body, "body").ok()) << reply.body;
  }
  if (reply.status >= 400 && !IsForTokens(ask)) {
    CheckRefusal(reply);
  }
}

// Without the date, which comes from whoever carries the answer.
std::string Transcribe(const Ask& ask, const BenchReply& reply) {
  std::vector<std::string> fields;
  for (const auto& [name, value] : reply.headers) {
    if (!EqualsIgnoringCase(name, "Date")) {
      fields.push_back(Concat({ToLower(name), ": ", value}));
    }
  }
  std::sort(fields.begin(), fields.end());
  return Concat({ask.method, " ", ask.target, "\n", std::to_string(reply.status), "\n",
                 Join(fields, "\n"), "\n\n", reply.body});
}

}  // namespace

class RowPlayer {
 public:
  RowPlayer(const Row& row, Transport transport) : bench_(row.personality()) {
    if (transport == Transport::kSocket) {
      wire_.emplace(bench_);
    }
  }

  void Play(const Step& step) {
    if (step.happening_) {
      step.happening_(bench_);
      return;
    }
    Ask ask = step.ask_;
    ask.target = Resolve(ask.target);
    if (step.make_body_) {
      ask.body = step.make_body_();
    }
    if (ask.caller.address.empty()) {
      ask.caller.address = "127.0.0.1";
    }
    if (!step.scope_.empty()) {
      ask.headers.Set("Authorization", bench_.Token(step.scope_, step.account_));
    }
    SCOPED_TRACE(ask.method + " " + ask.target);
    const BenchReply reply = bench_.Send(ask);
    Compare(step, reply);
    CheckManners(ask, reply);
    played_.transcript.push_back(Transcribe(ask, reply));
    if (reply.status == 201) {
      CheckCreated(ask, reply);
    }
    if (reply.headers.Has("Location")) {
      last_ = reply.headers.Get("Location");
      first_ = first_.empty() ? last_ : first_;
    }
    if (!reply.Code().empty()) {
      played_.refusals.push_back(reply.Code() + " " + std::to_string(reply.status));
    }
  }

  Performance Played() && { return std::move(played_); }

 private:
  std::string Resolve(std::string target) const {
    for (const auto& [name, location] : {std::pair{"{location}", last_}, {"{first}", first_}}) {
      if (location.find('?') == std::string::npos) {
        target = ReplaceAll(target, Concat({name, "&"}), Concat({location, "?"}));
      }
      target = ReplaceAll(target, name, location);
    }
    return target;
  }

  // "The Location is a pullable URL": asked for, it gives the content that was put there.
  void CheckCreated(const Ask& ask, const BenchReply& created) {
    const std::string location(created.headers.Get("Location"));
    ASSERT_NE(location, "") << "every 201 says where";
    Ask get{"GET", location};
    if (bench_.registry.personality().tokens) {
      const std::string path = location.substr(location.find("/v2/") + 4);
      const std::size_t end = path.rfind('/', path.rfind('/') - 1);
      get.headers.Add("Authorization",
                      bench_.Token(Concat({"repository:", path.substr(0, end), ":pull"})));
    }
    BenchReply content = bench_.Send(get);
    if (content.status == 307) {
      content = bench_.Send("GET", std::string(content.headers.Get("Location")));
    }
    EXPECT_EQ(content.status, 200) << location;
    const auto digest = Digest::Parse(created.headers.Get("Docker-Content-Digest"));
    ASSERT_TRUE(digest) << "every 201 says what";
    EXPECT_EQ(Digest::Of(content.body, digest->algorithm()), *digest) << location;
    if (ask.target.find("/manifests/") != std::string::npos) {
      EXPECT_EQ(content.body, ask.body);
    }
  }

  static void Compare(const Step& step, const BenchReply& reply) {
    EXPECT_EQ(reply.status, step.status_) << reply.body;
    EXPECT_EQ(reply.Code(), step.code_) << reply.body;
    for (const auto& [name, pattern] : step.has_) {
      EXPECT_TRUE(reply.headers.Has(name) && GlobMatches(pattern, reply.headers.Get(name)))
          << name << ": expected " << pattern << ", is \"" << reply.headers.Get(name) << "\"";
    }
    for (const std::string& name : step.lacks_) {
      EXPECT_FALSE(reply.headers.Has(name)) << name << ": " << reply.headers.Get(name);
    }
    if (step.says_) {
      EXPECT_TRUE(GlobMatches(*step.says_, reply.body))
          << "expected " << *step.says_ << ", is " << reply.body;
    }
  }

  Bench bench_;
  std::optional<Wire> wire_;
  std::string last_;
  std::string first_;
  Performance played_;
};

Step Step::With(std::string_view name, std::string_view value) && {
  ask_.headers.Add(name, value);
  return std::move(*this);
}

Step Step::Sending(std::string body, std::string_view content_type) && {
  ask_.body = std::move(body);
  if (!content_type.empty()) {
    ask_.headers.Add("Content-Type", content_type);
  }
  return std::move(*this);
}

Step Step::Making(std::function<std::string()> body, std::string_view content_type) && {
  make_body_ = std::move(body);
  return std::move(*this).Sending("", content_type);
}

Step Step::Chunked() && {
  ask_.chunked = true;
  return std::move(*this);
}

Step Step::As(std::string scope) && {
  scope_ = std::move(scope);
  account_ = true;
  return std::move(*this);
}

Step Step::AsAnybody(std::string scope) && {
  scope_ = std::move(scope);
  account_ = false;
  return std::move(*this);
}

Step Step::From(std::string address) && {
  ask_.caller.address = std::move(address);
  return std::move(*this);
}

Step Step::Gives(int status) && {
  status_ = status;
  return std::move(*this);
}

Step Step::Refused(int status, std::string code) && {
  status_ = status;
  code_ = std::move(code);
  return std::move(*this);
}

Step Step::Has(std::string name, std::string pattern) && {
  has_.emplace_back(std::move(name), std::move(pattern));
  return std::move(*this);
}

Step Step::Lacks(std::string name) && {
  lacks_.push_back(std::move(name));
  return std::move(*this);
}

Step Step::Says(std::string pattern) && {
  says_ = std::move(pattern);
  return std::move(*this);
}

Step Get(std::string target) { return {"GET", std::move(target)}; }
Step Head(std::string target) { return {"HEAD", std::move(target)}; }
Step Post(std::string target) { return {"POST", std::move(target)}; }
Step Put(std::string target) { return {"PUT", std::move(target)}; }
Step Patch(std::string target) { return {"PATCH", std::move(target)}; }
Step Delete(std::string target) { return {"DELETE", std::move(target)}; }

Step HaveBlob(const std::string& repository, const std::string& bytes) {
  return Step([=](Bench& bench) { bench.registry.store().PutBlob(repository, bytes); });
}

Step HaveImage(const std::string& repository, const std::string& tag) {
  return Step([=](Bench& bench) {
    Store& store = bench.registry.store();
    store.PutBlob(repository, "config");
    store.PutBlob(repository, "layer");
    store.SetTag(repository, tag, store.PutManifest(repository, media_type::kOciManifest, Image()));
  });
}

Step HaveTags(const std::string& repository, const std::vector<std::string>& tags) {
  return Step([=](Bench& bench) {
    for (const std::string& tag : tags) {
      bench.registry.store().SetTag(repository, tag, Digest::Of(Image()));
    }
  });
}

Step Wait(Duration span) {
  return Step([=](Bench& bench) { EXPECT_TRUE(bench.clock.SleepFor(span).ok()); });
}

std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.rule << ": " << row.title;
}

Performance Play(const Row& row, Transport transport) {
  RowPlayer player(row, transport);
  for (const Step& step : row.steps) {
    player.Play(step);
  }
  return std::move(player).Played();
}

std::vector<Row> AllRows() {
  std::vector<Row> all;
  for (const auto* rows : {&BlobRows(), &UploadRows(), &ManifestRows(), &ListRows(), &AuthRows(),
                           &HubRows(), &ContentRows(), &PushRows(), &MannerRows()}) {
    all.insert(all.end(), rows->begin(), rows->end());
  }
  return all;
}

std::string At(std::string_view rest, std::string_view repository) {
  return Concat({"/v2/", repository, "/", rest});
}

std::string Image() { return ImageJson("config", "layer"); }

}  // namespace drydock::simulator
