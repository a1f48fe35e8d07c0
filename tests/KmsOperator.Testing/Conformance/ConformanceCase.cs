using static KmsOperator.Testing.Conformance.ApiOperation;

namespace KmsOperator.Testing.Conformance;

/// <summary>Operations whose outcomes are known: both the model and a real server must answer so.</summary>
/// <param name="Why">What the case is about.</param>
/// <param name="Steps">
/// The operations, and what must come of each: <c>ok</c>, <c>none</c>, <c>deleted</c>, or the code and the reason of the refusal.
/// </param>
/// <param name="End">JSON of spec and status of the Gadget <c>a</c> in the end; null when it is gone.</param>
/// <param name="IsMergedOtherwiseByOldServers">
/// Kubernetes 1.20 puts the merged items in another order, or makes no new version of the last step. The model follows today's servers.
/// </param>
public sealed record ConformanceCase(string Why, IReadOnlyList<(ApiOperation Operation, string Outcome)> Steps, string? End, bool IsMergedOtherwiseByOldServers = false)
{
    private const string Fresh = """{"spec":{"size":3},"status":{"observedGeneration":-1}}""";
    private const string Invalid = "422 Invalid";
    private const string Conflict = "409 Conflict";

    /// <summary>All cases, by what they are about.</summary>
    public static IReadOnlyList<ConformanceCase> All { get; } =
    [
        new("a name is given once",
            [(Create("a", """{"spec":{}}"""), "ok"), (Create("a", """{"spec":{}}"""), "409 AlreadyExists")], Fresh),
        new("unknown fields and the status of a new object are dropped, and defaults are set",
            [(Create("a", """{"spec":{"unknown":1,"raw":{"kept":[1]}},"status":{"phase":"x"}}"""), "ok")],
            """{"spec":{"size":3,"raw":{"kept":[1]}},"status":{"observedGeneration":-1}}"""),
        new("what the schema forbids is refused",
            [
                (Create("a", """{"spec":{"size":11}}"""), Invalid),
                (Create("a", """{"spec":{"size":"3"}}"""), Invalid),
                (Create("a", """{"spec":{"color":"blue"}}"""), Invalid),
                (Create("a", """{"spec":{"code":"A"}}"""), Invalid),
                (Create("a", """{"spec":{"code":"abcdef"}}"""), Invalid),
                (Create("a", """{"spec":{"settings":{}}}"""), Invalid),
                (Create("a", """{"spec":{"users":["x","x"]}}"""), Invalid),
                (Create("a", """{"spec":{"users":["1","2","3","4"]}}"""), Invalid),
                (Create("a", """{"spec":{"ports":[{"name":"x"},{"name":"x"}]}}"""), Invalid),
                (Create("a", "{}"), Invalid),
                (Create("A", """{"spec":{}}"""), Invalid),
            ],
            null),
        new("a patch that names a version is refused when that is not the present one",
            [
                (Create("a", """{"spec":{}}"""), "ok"),
                (Patch("a", """{"spec":{"size":4}}""", Precondition.Current), "ok"),
                (Patch("a", """{"spec":{"size":5}}""", Precondition.Stale), Conflict),
                (PatchStatus("a", """{"status":{"phase":"x"}}""", Precondition.Stale), Conflict),
                (Patch("a", """{"spec":{"size":6}}"""), "ok"),
                (Patch("b", """{"spec":{"size":6}}"""), "404 NotFound"),
            ],
            """{"spec":{"size":6},"status":{"observedGeneration":-1}}"""),
        new("null removes a field, a list is replaced, and a default comes back",
            [
                (Create("a", """{"spec":{"size":9,"order":["x","y"],"settings":{"a":"1","b":2}}}"""), "ok"),
                (Patch("a", """{"spec":{"size":null,"order":["z"],"settings":{"b":null}}}"""), "ok"),
                (Patch("a", """{"spec":{"settings":{"a":null}}}"""), Invalid),
            ],
            """{"spec":{"size":3,"order":["z"],"settings":{"a":"1"}},"status":{"observedGeneration":-1}}"""),
        new("null in a new object is as nothing, also in a map",
            [(Create("a", """{"spec":{"size":null,"color":null,"settings":{"a":"1","b":null},"tags":{"x":null,"y":"1"}}}"""), "ok")],
            """{"spec":{"size":3,"settings":{"a":"1"},"tags":{"y":"1"}},"status":{"observedGeneration":-1}}"""),
        new("object and status are written apart",
            [
                (Create("a", """{"spec":{}}"""), "ok"),
                (Patch("a", """{"spec":{"size":4},"status":{"phase":"ignored"}}"""), "ok"),
                (PatchStatus("a", """{"metadata":{"labels":{"ignored":"x"}},"spec":{"size":5},"status":{"phase":"set"}}"""), "ok"),
            ],
            """{"spec":{"size":4},"status":{"observedGeneration":-1,"phase":"set"}}"""),
        new("writes that change nothing",
            [
                (Create("a", """{"spec":{"size":4}}"""), "ok"),
                (Patch("a", """{"spec":{"size":4}}"""), "ok"),
                (ApplyStatus("a", """{"status":{"phase":"x"}}"""), "ok"),
                (ApplyStatus("a", """{"status":{"phase":"x"}}"""), "ok"),
            ],
            """{"spec":{"size":4},"status":{"observedGeneration":-1,"phase":"x"}}"""),
        new("an apply removes what its manager no longer names, and nothing of others",
            [
                (Apply("a", """{"spec":{"size":4,"color":"red","tags":{"mine":"1"},"users":["x","y"]}}"""), "ok"),
                (Patch("a", """{"spec":{"code":"abc","tags":{"theirs":"2"}}}"""), "ok"),
                (Apply("a", """{"spec":{"size":5,"users":["y"]}}"""), "ok"),
            ],
            """{"spec":{"size":5,"code":"abc","tags":{"theirs":"2"},"users":["y"]},"status":{"observedGeneration":-1}}"""),
        new("an apply takes another's field over only by force",
            [
                (Apply("a", """{"spec":{"size":4}}"""), "ok"),
                (Apply("a", """{"spec":{"size":5}}""", "two"), Conflict),
                (Apply("a", """{"spec":{"size":4,"color":"green"}}""", "two"), "ok"),
                (Apply("a", """{"spec":{"size":6,"color":"green"}}""", "two", force: true), "ok"),
                (Apply("a", """{"spec":{}}"""), "ok"),
            ],
            """{"spec":{"size":6,"color":"green"},"status":{"observedGeneration":-1}}""",
            IsMergedOtherwiseByOldServers: true),
        new("items of a list that is a map have owners of their own",
            [
                (Apply("a", """{"spec":{"ports":[{"name":"x","number":1},{"name":"y"}]}}"""), "ok"),
                (Apply("a", """{"spec":{"ports":[{"name":"z"},{"name":"x"}]}}""", "two"), "ok"),
                (Apply("a", """{"spec":{"ports":[{"name":"y","number":2}]}}"""), "ok"),
            ],
            """{"spec":{"size":3,"ports":[{"name":"z"},{"name":"x"},{"name":"y","number":2}]},"status":{"observedGeneration":-1}}""",
            IsMergedOtherwiseByOldServers: true),
        new("a status is applied to an object that is there, by its version, and only with known fields",
            [
                (ApplyStatus("a", """{"status":{"phase":"x"}}"""), "404 NotFound"),
                (Create("a", """{"spec":{}}"""), "ok"),
                (ApplyStatus("a", """{"status":{"phase":"x","conditions":[{"type":"Ready","status":"True"}]}}"""), "ok"),
                (ApplyStatus("a", """{"status":{"phase":"y"}}""") with { Version = Precondition.Stale }, Conflict),
                (ApplyStatus("a", """{"status":{"phase":"y","conditions":[{"type":"Ready","status":"False","reason":"No"}]}}""") with { Version = Precondition.Current }, "ok"),
                (ApplyStatus("a", """{"status":{"unknown":"y"}}"""), "500"),
            ],
            """{"spec":{"size":3},"status":{"observedGeneration":-1,"phase":"y","conditions":[{"type":"Ready","status":"False","reason":"No"}]}}"""),
        new("a deletion waits for finalizers, and none can be added any more",
            [
                (Create("a", """{"metadata":{"finalizers":["test.servicekey.dev/x"]},"spec":{}}"""), "ok"),
                (Delete("a"), "deleted"),
                (Delete("a"), "deleted"),
                (Patch("a", """{"metadata":{"finalizers":["test.servicekey.dev/x","test.servicekey.dev/y"]}}"""), Invalid),
                (PatchStatus("a", """{"status":{"phase":"going"}}"""), "ok"),
                (Patch("a", """{"metadata":{"finalizers":[]}}"""), "ok"),
                (Get("a"), "none"),
                (Delete("a"), "none"),
            ],
            null),
        new("a deletion names the object that is meant",
            [
                (Create("a", """{"spec":{}}"""), "ok"),
                (Patch("a", """{"spec":{"size":4}}"""), "ok"),
                (Delete("a", uid: Precondition.Stale), "deleted"),
                (Create("a", """{"spec":{}}"""), "ok"),
                (Delete("a", uid: Precondition.Stale), Conflict),
                (Delete("a", version: Precondition.Stale), Conflict),
                (Delete("a", Precondition.Current, Precondition.Current), "deleted"),
            ],
            null),
        new("lists come in pages, sorted by name",
            [
                (Create("c", """{"spec":{}}"""), "ok"),
                (Create("a", """{"spec":{}}"""), "ok"),
                (Create("b", """{"spec":{}}"""), "ok"),
                (List(), "ok"),
            ],
            Fresh),
        new("a ConfigMap keeps what others put into it",
            [
                (Apply("a", """{"data":{"arn":"one","gone":"x"}}""") with { IsConfigMap = true }, "ok"),
                (Patch("a", """{"data":{"theirs":"x"}}""") with { IsConfigMap = true }, "ok"),
                (Apply("a", """{"data":{"arn":"two"}}""") with { IsConfigMap = true }, "ok"),
                (Apply("a", """{"data":{"theirs":"y"}}""") with { IsConfigMap = true }, Conflict),
            ],
            null),
    ];

    /// <summary>What <see cref="Steps"/> has of a line of a transcript.</summary>
    public static string Outcome(string answer) => answer is "none" or "deleted" || char.IsAsciiDigit(answer[0]) ? answer : "ok";
}
