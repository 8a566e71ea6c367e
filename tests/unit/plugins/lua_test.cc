// The plugin lua: what scripts may do, their limits, and how they are read anew.
#include <doctest/doctest.h>

#include "gateway/harness.hpp"
#include "lua_fixture.h"

namespace gatewayd {
namespace {

using gateway::harness::Connection;
using gateway::harness::Handshake;
using gateway::harness::Plugin;
using gateway::harness::Request;

// What one expression of Lua is, in a message hook: by the harness's log.
std::string value(const std::string& expression) {
    Lua plugin("function message(req) print(" + expression + ") end");
    plugin.connect().message(Lua::text("hello"));
    return plugin.last_log();
}

// --- messages ---

TEST_CASE("a script reads and changes a message") {
    Lua plugin(R"(
        function message(req)
          if req:get("content") == "hello" then req:set("content", "hello, world") end
          req:set("data", { n = 1.5, list = { 1, "two", gateway.null }, empty = gateway.array() })
          req:set("priority", nil)
          local data = req:get("data")
          assert(data.list[2] == "two" and data.list[3] == gateway.null and data.n == 1.5)
          assert(req:get("nothing") == nil and req:kind() == "message" and not req:is_binary())
        end)");
    CHECK(plugin.kinds() == GW_KIND_MESSAGE);
    Connection alice = plugin.connect();
    const Request request = alice.message(R"({"type":"text","to":"u2","content":"hello","priority":3})");
    CHECK(request.outcome() == "passed");
    CHECK(request.field("content") == "hello, world");
    CHECK(request.json("priority").empty());
    CHECK(request.json("data").find(R"("list":[1,"two",null])") != std::string::npos);
    CHECK(request.json("data").find(R"("empty":[])") != std::string::npos);
}

TEST_CASE("a script answers, refuses, drops, redirects") {
    Lua plugin(R"(
        function message(req)
          local content = req:get("content")
          if content == "answer" then return req:answer({ type = "text", content = "yes" }) end
          if content == "refuse" then return req:reject("forbidden", "not here") end
          if content == "drop" then req:drop() end
          if content == "move" then req:set_destination("topic", "news", true) end
          if content == "where" then print(req:destination()) end
          if content == "twice" then req:drop() req:answer("{}") end
          if content == "return" then return true end
          if content == "replace" then req:replace({ type = "text", to = "u3", content = req:table().content .. "d" }) end
        end)");
    Connection alice = plugin.connect();
    const auto say = [&](const std::string& content) { return alice.message(Lua::text(content)); };
    const std::string answer = say("answer").answers().at(0);
    CHECK(answer.find(R"("content":"yes")") != std::string::npos);
    CHECK(answer.find(R"("type":"text")") != std::string::npos);
    CHECK(say("refuse").rejection().word == "forbidden");
    CHECK(say("refuse").rejection().why == "not here");
    CHECK(say("drop").outcome() == "dropped");
    const Request moved = say("move");
    CHECK(moved.destination().kind == GW_DEST_TOPIC);
    CHECK(moved.destination().id == "news");
    CHECK(moved.destination().not_sender);
    say("where");
    CHECK(plugin.last_log() == "info: user\tu2\tfalse");
    CHECK(say("replace").field("content") == "replaced");
    CHECK(say("twice").outcome() == "failed");
    CHECK(plugin.last_log().find("filter.lua:9: req:drop was called before (in message)") !=
          std::string::npos);
    CHECK(say("return").outcome() == "failed");
    CHECK(plugin.last_log().find("it returned a boolean") != std::string::npos);
}

TEST_CASE("a script knows its client, keeps notes of it, sends and closes") {
    Lua plugin(R"(
        function connected(client)
          client:set("came", "yes")
          client:subscribe("lobby")
          client:send({ type = "text", content = "welcome " .. client:user_id() })
        end
        function message(req)
          local client = req:client()
          print(client:client_id(), client:user_id(), client:user_type(), client:address(), client:get("came"),
                client:get("nothing"), client:connected_at() > 0)
          client:close(3000, "enough")
        end
        function disconnected(client, reason, code) print("left", client:user_id(), reason, code) end)");
    Connection alice = plugin.connect();
    CHECK(alice.sent().at(0).find("welcome u1") != std::string::npos);
    CHECK(alice.attribute("came") == "yes");
    CHECK(plugin.topics(alice) == std::vector<std::string>{"lobby"});
    alice.message(Lua::text("x"));
    CHECK(plugin.log()[0] == "info: c1\tu1\tcustomer\t192.0.2.1:52110\tyes\tnil\ttrue");
    CHECK(alice.closing().code == 3000);
    CHECK(alice.closing().reason == "enough");
    Connection bob = plugin.connect();
    bob.disconnect(1001, "gone");
    CHECK(plugin.last_log() == "info: left\tu1\tgone\t1001");
}

TEST_CASE("a script looks at handshakes") {
    Lua plugin(R"(
        function handshake(req)
          if req:query("room") == "secret" then return req:reject(401, "no token") end
          if req:header("user-agent") == "bad" then return req:reject("forbidden", "bad agent") end
          req:set_response_header("X-Room", req:query("room") or "none")
          req:set("user_id", "lua-" .. (req:get("user_id") or "?"))
          req:client():set("from", req:get("path"))
        end
        function connected(client) print(client:get("from")) end)");
    Handshake http;
    http.query["room"] = "secret";
    CHECK(plugin.handshake(http).rejection().status == 401);
    CHECK(plugin.handshake(http).rejection().word == "unauthorized");
    http.query["room"] = "r1";
    http.headers["User-Agent"] = "bad";
    CHECK(plugin.handshake(http).rejection().status == 403);
    http.headers.clear();
    http.query["user_id"] = "u7";
    const Request request = plugin.handshake(http);
    CHECK(request.outcome() == "passed");
    CHECK(request.response_header("X-Room") == "r1");
    plugin.accept(request);
    CHECK(plugin.last_log() == "info: /ws");
}

TEST_CASE("a script looks at frames, publishes and deliveries") {
    Lua plugin(R"(
        function frame(req)
          if req:is_binary() then return req:claim() end
          if req:payload() == "hi" then req:answer("ho") end
        end
        function publish(req)
          if req:client() ~= nil then error("a client") end
          req:set("content", "published")
        end
        function delivery(req) if req:get("content") == "no" then req:drop() end end)");
    Connection alice = plugin.connect();
    CHECK(alice.frame("\x01\x02", true).outcome() == "answered");
    CHECK(alice.frame("hi").answers() == std::vector<std::string>{"ho"});
    CHECK(alice.frame("other").outcome() == "passed");
    CHECK(plugin.publish(Lua::text("x")).field("content") == "published");
    CHECK(alice.deliver(Lua::text("no")).outcome() == "dropped");
    CHECK(alice.deliver(Lua::text("yes")).outcome() == "passed");
    CHECK_FALSE(alice.message(Lua::text("x")).seen());
}

TEST_CASE("a script publishes, tells the time, asks who is online") {
    Lua plugin(R"(
        function message(req)
          gateway.publish("user", "u9", { type = "text", content = "for you" })
          gateway.publish("all", nil, '{"type":"text"}')
          gateway.log("warn", "careful")
          local date = gateway.date(gateway.now(), 60)
          print(gateway.now(), date.year, date.month, date.day, date.hour, date.wday, gateway.online("u1"), gateway.online("u2"))
        end)");
    plugin.connect().message(Lua::text("x"));
    CHECK(plugin.last_log() == "info: 1767225600\t2026\t1\t1\t1\t5\t1\t0");
    CHECK(plugin.logged("warn: careful"));
    REQUIRE(plugin.published().size() == 2);
    CHECK(plugin.published()[0].to.id == "u9");
    CHECK(plugin.published()[0].message.find(R"("content":"for you")") != std::string::npos);
    CHECK(plugin.published()[1].to.kind == GW_DEST_ALL);
}

TEST_CASE("scripts run in their order until one decides; each has its own globals and configuration") {
    Lua plugin;
    plugin.write(
        "one.lua",
        "n = gateway.config.n\nfunction message(req) if req:get('content') == 'x' then req:drop() end end");
    plugin.write("two.lua",
                 "function message(req) req:set('content', tostring(n) .. gateway.config.text) end");
    plugin.create(
        "scripts: [{file: one.lua, config: {n: 3}}, {file: two.lua, config: {text: ' of \"two\"', deep: [1, "
        "{a: true}]}}]",
        plugin.path);
    plugin.start();
    Connection alice = plugin.connect();
    CHECK(alice.message(Lua::text("x")).outcome() == "dropped");
    CHECK(alice.message(Lua::text("y")).field("content") == "nil of \"two\"");
}

// --- the sandbox ---

TEST_CASE("nothing reaches out of the sandbox") {
    for (const char* name :
         {"os", "io", "ffi", "jit", "debug", "package", "require", "dofile", "load", "loadfile", "loadstring",
          "getfenv", "setfenv", "newproxy", "collectgarbage", "module", "string.dump", "string.gfind"}) {
        CAPTURE(name);
        CHECK(value(name) == "info: nil");
    }
    CHECK(value("getmetatable(req)") == "info: false");
    Folder folder;
    Plugin plugin(GATEWAYD_PLUGIN_FOLDER "/lua.so");
    folder.write("filter.lua", "\x1bLJ\x02");
    CHECK(
        plugin.refusal("scripts: [filter.lua]", folder.path).find("attempt to load chunk with wrong mode") !=
        std::string::npos);
}

TEST_CASE("an endless loop ends that call alone, with its line") {
    Lua plugin(R"(
        calls = 0
        function message(req)
          calls = calls + 1
          if req:get("content") == "loop" then
            while true do end
          end
          req:set("content", tostring(calls))
        end)");
    Connection alice = plugin.connect();
    CHECK(alice.message(Lua::text("loop")).outcome() == "failed");
    CHECK(plugin.last_log().find("filter.lua:6: more than instruction_limit allows (in message)") !=
          std::string::npos);
    CHECK(alice.message(Lua::text("x")).field("content") == "2");
}

TEST_CASE("no pcall, coroutine, metamethod or recursion gets around the limit") {
    const std::string endless[] = {
        "while true do pcall(function() while true do end end) end",
        "pcall(function() while true do end end) while true do end",
        "while true do xpcall(function() while true do end end, function() while true do end end) end",
        "local co = coroutine.wrap(function() while true do end end) while true do pcall(co) end",
        "local t = setmetatable({}, { __index = function(t, k) return t[k .. 'x'] end }) print(t.a)",
        "local function f() return f() end f()",
        "local function f() f() end while true do pcall(f) end",
        "for i = 1, math.huge do end",
        "local t = {} for i = 1, 1e5 do t[i] = i % 7 end while true do table.sort(t) end",
        "string.find(('a'):rep(40), ('a*'):rep(20) .. 'b')",
        "local s = ('a'):rep(200000) s:gsub('.-b', '')",
        "local s = ('ab'):rep(50000) for w in s:gmatch('(a?b?)*$') do end while true do s:match('%f[x]x') "
        "end",
        "while true do gateway.json.encode({ 1, { 2 } }) end",
        "local s = ('a'):rep(1e6) while true do s:find('b', 1, true) end",
    };
    for (const std::string& code : endless) {
        CAPTURE(code);
        Lua plugin("function message(req) if req:get('content') == 'go' then " + code + " end end",
                   "instruction_limit: 100000\ntime_limit_ms: 1000");
        Connection alice = plugin.connect();
        CHECK(alice.message(Lua::text("go")).outcome() == "failed");
        CHECK(alice.message(Lua::text("x")).outcome() == "passed");
    }
}

TEST_CASE("a huge allocation ends that call alone") {
    const std::string huge[] = {
        "local s = ('x'):rep(1e9)",
        "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end",
        "local s = 'x' while true do s = s .. s end",
        "kept = {} for i = 1, 1e9 do kept[i] = { i } end",
        "local t = {} for i = 1, 1e5 do t[i] = i .. ('x'):rep(1000) end",
    };
    for (const std::string& code : huge) {
        CAPTURE(code);
        Lua plugin("function message(req) if req:get('content') == 'go' then " + code + " end kept = nil end",
                   "memory_limit_mb: 4\ninstruction_limit: 100000000\ntime_limit_ms: 10000");
        Connection alice = plugin.connect();
        CHECK(alice.message(Lua::text("go")).outcome() == "failed");
        CHECK(plugin.last_log().find(
                  "filter.lua: more memory than memory_limit_mb allows (4 MB) (in message)") !=
              std::string::npos);
        CHECK(alice.message(Lua::text("x")).outcome() == "passed");
        CHECK(alice.message(Lua::text("x")).outcome() == "passed");
    }
}

TEST_CASE("garbage is no use of memory") {
    Lua plugin("function message(req) for i = 1, 20000 do local s = ('x'):rep(1000) .. i end end",
               "memory_limit_mb: 4\ntime_limit_ms: 10000");
    Connection alice = plugin.connect();
    for (int i = 0; i < 20; ++i)
        CHECK(alice.message(Lua::text("x")).outcome() == "passed");
}

TEST_CASE("on_error of the YAML decides what a failed call means") {
    Lua plugin;
    plugin.write("filter.lua", "function message(req) local x = nil + 1 end");
    plugin.fail_open();
    plugin.create("scripts: [filter.lua]", plugin.path);
    plugin.start();
    CHECK(plugin.connect().message(Lua::text("x")).outcome() == "passed");
    CHECK(plugin.last_log().find("filter.lua:1: attempt to perform arithmetic on a nil value (in message)") !=
          std::string::npos);
}

TEST_CASE("wrong use of the API is an error with its line, and no more") {
    CHECK(value("req.get(7, 'x')")
              .find("filter.lua:1: bad argument #1 to 'get' (gateway.request expected, got number)") !=
          std::string::npos);
    CHECK(value("req:get()").find("bad argument") != std::string::npos);
    CHECK(value("req:set('from', 'x')").find("set: not valid") != std::string::npos);
    CHECK(value("req:set('x', print)").find("a function has no JSON") != std::string::npos);
    CHECK(value("req:set('content', '\\255')").find("set: not valid") != std::string::npos);
    CHECK(value("req:set_destination('planet', 'x')").find("invalid option 'planet'") != std::string::npos);
    CHECK(value("req:client():close(1, 'x')").find("close: not valid") != std::string::npos);
    CHECK(value("gateway.publish('user', 'u1', 'no json')").find("publish: not valid") != std::string::npos);
    CHECK(value("xpcall(function(x) return x end, print, 7)") == "info: true\t7");
    CHECK(value("xpcall(function() error('no', 0) end, function(e) return e .. '!' end)") ==
          "info: false\tno!");
    CHECK(value("pcall(error, 'no', 0)") == "info: false\tno");
    CHECK(value("error({})").find("an error that is a table, not a text") != std::string::npos);
    Lua plugin(
        "local kept\nfunction connected(client) kept = client end\n"
        "function publish(req) kept:send('{}') end\nfunction message(req) kept_request = req end\n"
        "function disconnected(client) kept_request:get('x') end");
    Connection alice = plugin.connect();
    CHECK(plugin.publish(Lua::text("x")).outcome() == "failed");
    CHECK(plugin.last_log().find("filter.lua:3: there is no client here") != std::string::npos);
    alice.message(Lua::text("x"));
    alice.disconnect();
    CHECK(plugin.last_log().find("filter.lua:5: there is no request here (in disconnected)") !=
          std::string::npos);
}

// --- patterns and JSON ---

TEST_CASE("the patterns of Lua, as its manual has them") {
    CHECK(value("('hello world'):find('o w')") == "info: 5\t7");
    CHECK(value("('hello'):find('l+')") == "info: 3\t4");
    CHECK(value("('hello'):find('xyz'), ('a.b'):find('.', 1, true), ('abc'):find('b', -1), ('abc'):find('', "
                "10)") == "info: nil\t2\tnil\tnil");
    CHECK(value("('key = value'):match('^(%w+)%s*=%s*(%w+)$')") == "info: key\tvalue");
    CHECK(value("('[[x]]'):match('%[(%b[])%]')") == "info: [x]");
    CHECK(value("('THE (quick) fox'):find('%((%a+)%)')") == "info: 5\t11\tquick");
    CHECK(value("('hello world'):gsub('o', '0')") == "info: hell0 w0rld\t2");
    CHECK(value("('hello world'):gsub('(%w+)', '<%1>')") == "info: <hello> <world>\t2");
    CHECK(value("('abc'):gsub('%w', '%0%0', 2)") == "info: aabbc\t2");
    CHECK(value("('abc'):gsub('', '-')") == "info: -a-b-c-\t4");
    CHECK(value("('$name is $age'):gsub('%$(%w+)', { name = 'Zo', age = 7 })") == "info: Zo is 7\t2");
    CHECK(value("('abc'):gsub('b', function(c) return c:upper() end)") == "info: aBc\t1");
    CHECK(value("('abc'):gsub('b', function() return false end)") == "info: abc\t1");
    CHECK(value("('THE (quick) fox'):gsub('%f[%a]%a+', 'x')") == "info: x (x) x\t3");
    CHECK(value("('hello'):match('()ll()')") == "info: 3\t5");
    CHECK(
        value("('aaab'):match('a-b'), ('aaa'):match('^a?'), ('x-1'):match('[^%-]+'), ('a]'):match('[]]')") ==
        "info: aaab\ta\tx\t]");
    CHECK(value("('abab'):match('(ab)%1'), ('a\\0b'):match('%z') == '\\0', ('f-3'):match('[a-f]%-[%d]')") ==
          "info: ab\ttrue\tf-3");
    CHECK(
        value(
            "(function() local t = {} for k, v in ('a=1, b=2'):gmatch('(%w)=(%w)') do t[#t + 1] = k .. v end "
            "return table.concat(t, ' ') end)()") == "info: a1 b2");
    CHECK(value("('x'):find('[a')").find("malformed pattern (missing ']')") != std::string::npos);
    CHECK(value("('x'):find('%')").find("malformed pattern (ends with '%')") != std::string::npos);
    CHECK(value("('x'):find('(x')").find("unfinished capture") != std::string::npos);
    CHECK(value("('x'):match('x)')").find("invalid pattern capture") != std::string::npos);
    CHECK(value("('x'):find('%1')").find("invalid capture index") != std::string::npos);
    CHECK(value("('x'):find(('()'):rep(40))").find("too many captures") != std::string::npos);
    CHECK(value("('x'):rep(300):find(('x?'):rep(300))").find("pattern too complex") != std::string::npos);
}

TEST_CASE("JSON of scripts: there and back, and what it refuses") {
    CHECK(value("gateway.json.encode(gateway.json.decode([[ {\"a\": [1, -2.5e3, true, null, "
                "\"\\u00e4\\ud83d\\ude00\\n\"]} ]]))") ==
          "info: {\"a\":[1,-2500,true,null,\"\xC3\xA4\xF0\x9F\x98\x80\\u000a\"]}");
    CHECK(value("gateway.json.encode({}), gateway.json.encode(gateway.json.decode('[]')), "
                "gateway.json.encode({ 1, 2 })") == "info: {}\t[]\t[1,2]");
    CHECK(
        value("gateway.json.encode(0.1), gateway.json.encode(9007199254740991), gateway.json.encode(1e300), "
              "gateway.json.encode(1/3)") == "info: 0.1\t9007199254740991\t1e+300\t0.3333333333333333");
    for (const char* text : {"", "[1,]", "{1:2}", "{\"a\" 1}", "01", "1.", "tru", "\"\\x\"", "\"\\ud800\"",
                             "\"a", "[1] 2", "nan", "-", "\"\\u12g4\"", "[1 2]"}) {
        CAPTURE(text);
        CHECK(value("gateway.json.decode([=[" + std::string(text) + "]=])").find("no valid JSON at byte") !=
              std::string::npos);
    }
    CHECK(value("gateway.json.decode(('['):rep(100))").find("too many levels") != std::string::npos);
    CHECK(value("gateway.json.encode(0/0)").find("not finite") != std::string::npos);
    CHECK(value("gateway.json.encode({ [1.5] = 1 })").find("must be a text") != std::string::npos);
    CHECK(value("(function() local t = {} t.t = t return gateway.json.encode(t) end)()")
              .find("a table within itself") != std::string::npos);
}

}  // namespace
}  // namespace gatewayd
