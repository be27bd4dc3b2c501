#include "tests/conformance/row.h"

#include <gtest/gtest.h>

#include "core/digest.h"
#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"
#include "simulator/registry/error_code.h"

namespace drydock::simulator {
namespace {

// What every answer must keep to, whatever was asked.
void CheckManners(const Ask& ask, const Reply& reply) {
  if (ask.target.rfind("/token") == std::string::npos) {
    EXPECT_EQ(reply.headers.All("Docker-Distribution-Api-Version"),
              std::vector<std::string>{"registry/2.0"});
  }
  if (reply.status == 204) {
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
  if (reply.status == 201) {
    EXPECT_TRUE(reply.headers.Has("Location")) << "every 201 says where";
  }
}

}  // namespace

class RowPlayer {
 public:
  explicit RowPlayer(const Row& row) : bench_(row.personality()) {}

  void Play(const Step& step) {
    if (step.happening_) {
      step.happening_(bench_);
      return;
    }
    Ask ask = step.ask_;
    ask.target = Resolve(ask.target);
    if (!step.scope_.empty()) {
      ask.headers.Set("Authorization", bench_.Token(step.scope_, step.account_));
    }
    SCOPED_TRACE(ask.method + " " + ask.target);
    const Reply reply = bench_.Send(ask);
    Compare(step, reply);
    CheckManners(ask, reply);
    if (reply.headers.Has("Location")) {
      last_ = reply.headers.Get("Location");
      first_ = first_.empty() ? last_ : first_;
    }
    if (!reply.Code().empty()) {
      refusals_.push_back(reply.Code() + " " + std::to_string(reply.status));
    }
  }

  std::vector<std::string> refusals() const { return refusals_; }

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

  static void Compare(const Step& step, const Reply& reply) {
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
  std::string last_;
  std::string first_;
  std::vector<std::string> refusals_;
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
  return out << row.spec << ": " << row.title;
}

std::vector<std::string> Play(const Row& row) {
  RowPlayer player(row);
  for (const Step& step : row.steps) {
    player.Play(step);
  }
  return player.refusals();
}

std::string At(std::string_view rest, std::string_view repository) {
  return Concat({"/v2/", repository, "/", rest});
}

std::string Image() { return ImageJson("config", "layer"); }

}  // namespace drydock::simulator
