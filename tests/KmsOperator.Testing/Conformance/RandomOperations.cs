using CsCheck;

namespace KmsOperator.Testing.Conformance;

/// <summary>Random sequences of operations on a few names, so that they meet each other.</summary>
public static class RandomOperations
{
    private static readonly Gen<string> Name = Gen.OneOf("a", "b");
    private static readonly Gen<string> Manager = Gen.OneOf("one", "two", "kms-operator");
    private static readonly Gen<Precondition> Precondition = Gen.Frequency(
        (6, Gen.Const(Conformance.Precondition.None)), (3, Gen.Const(Conformance.Precondition.Current)), (1, Gen.Const(Conformance.Precondition.Stale)));

    private static readonly Gen<string> Spec = Gen.OneOf(
        """{"spec":{}}""",
        """{"spec":{"size":4}}""",
        """{"spec":{"size":5,"color":"red"}}""",
        """{"spec":{"color":"green","tags":{"x":"1"}}}""",
        """{"spec":{"tags":{"x":"2","y":"1"}}}""",
        """{"spec":{"users":["x","y"]}}""",
        """{"spec":{"users":["y","z"],"order":["1","2"]}}""",
        """{"spec":{"order":["2"]}}""",
        """{"spec":{"settings":{"a":"1"}}}""",
        """{"spec":{"settings":{"a":"1","b":2}}}""",
        """{"spec":{"ports":[{"name":"x","number":1},{"name":"y"}]}}""",
        """{"spec":{"ports":[{"name":"z"},{"name":"x"}]}}""",
        """{"spec":{"raw":{"k":{"deep":[1,2]}}}}""",
        """{"spec":{"size":11}}""",
        """{"metadata":{"labels":{"l":"1"}},"spec":{}}""",
        """{"metadata":{"annotations":{"n":"1"},"finalizers":["test.servicekey.dev/x"]},"spec":{"size":4}}""");

    private static readonly Gen<string> Patch = Gen.OneOf(
        """{"spec":{"size":null}}""",
        """{"spec":{"tags":{"x":null}}}""",
        """{"spec":{"tags":null,"order":[]}}""",
        """{"spec":{"settings":null}}""",
        """{"metadata":{"finalizers":[]}}""",
        """{"metadata":{"finalizers":["test.servicekey.dev/x"]}}""",
        """{"metadata":{"labels":{"l":null,"m":"2"}}}""",
        """{"metadata":{"annotations":{"n":"2"}}}""",
        """{"status":{"phase":"ignored"}}""");

    private static readonly Gen<string> Status = Gen.OneOf(
        """{"status":{"phase":"x"}}""",
        """{"status":{"phase":"y","observedGeneration":1}}""",
        """{"status":{"conditions":[{"type":"Ready","status":"True"}]}}""",
        """{"status":{"conditions":[{"type":"Stalled","status":"True"},{"type":"Ready","status":"False","reason":"No"}]}}""",
        """{"status":{"observedGeneration":2}}""");

    private static readonly Gen<ApiOperation> Operation = Gen.Frequency(
        (3, Gen.Select(Name, Spec, ApiOperation.Create)),
        (4, Gen.Select(Name, Gen.OneOf(Spec, Patch), Precondition, ApiOperation.Patch)),
        (3, Gen.Select(Name, Status, Precondition, ApiOperation.PatchStatus)),
        (5, Gen.Select(Name, Spec, Manager, Gen.Bool, ApiOperation.Apply)),
        (5, Gen.Select(Name, Status, Manager, Gen.Bool, ApiOperation.ApplyStatus)),
        (2, Gen.Select(Name, Precondition, Precondition, ApiOperation.Delete)),
        (1, Gen.Const(ApiOperation.List())),
        (1, Gen.Select(Name, ApiOperation.Get)));

    /// <summary>Up to 25 operations.</summary>
    public static Gen<ApiOperation[]> Sequences { get; } = Operation.Array[1, 25];
}
