namespace KmsOperator.Testing.Conformance;

/// <summary>Which uid or version a request names.</summary>
public enum Precondition
{
    /// <summary>None.</summary>
    None,

    /// <summary>The last one that was seen of the name.</summary>
    Current,

    /// <summary>One that was seen before that, or one that never was.</summary>
    Stale,
}

/// <summary>One request to an API server, written so that any server can be sent it.</summary>
/// <param name="Verb"><c>create</c>, <c>get</c>, <c>list</c>, <c>patch</c>, <c>apply</c> or <c>delete</c>.</param>
/// <param name="Name">The object's name; ignored for lists.</param>
public sealed record ApiOperation(string Verb, string Name)
{
    /// <summary>Whether it is about ConfigMaps, not Gadgets.</summary>
    public bool IsConfigMap { get; init; }

    /// <summary>JSON of what is sent, without identity and version.</summary>
    public string Body { get; init; } = "{}";

    /// <summary>For example <c>status</c>; null for the object.</summary>
    public string? Subresource { get; init; }

    /// <summary>The field manager of an apply.</summary>
    public string Manager { get; init; } = "one";

    /// <summary>Whether an apply takes fields over.</summary>
    public bool Force { get; init; }

    /// <summary>The version that a patch, apply or delete names.</summary>
    public Precondition Version { get; init; }

    /// <summary>The uid that a delete names.</summary>
    public Precondition Uid { get; init; }

    public static ApiOperation Create(string name, string body) => new("create", name) { Body = body };

    public static ApiOperation Patch(string name, string body, Precondition version = Precondition.None) => new("patch", name) { Body = body, Version = version };

    public static ApiOperation PatchStatus(string name, string body, Precondition version = Precondition.None) => Patch(name, body, version) with { Subresource = "status" };

    public static ApiOperation Apply(string name, string body, string manager = "one", bool force = false) => new("apply", name) { Body = body, Manager = manager, Force = force };

    public static ApiOperation ApplyStatus(string name, string body, string manager = "one", bool force = false) => Apply(name, body, manager, force) with { Subresource = "status" };

    public static ApiOperation Delete(string name, Precondition uid = Precondition.None, Precondition version = Precondition.None) =>
        new("delete", name) { Uid = uid, Version = version };

    public static ApiOperation Get(string name) => new("get", name);

    public static ApiOperation List() => new("list", "");

    /// <inheritdoc />
    public override string ToString()
    {
        var target = $"{(IsConfigMap ? "configmap" : "gadget")} {Name}{(Subresource is null ? "" : "/" + Subresource)}";
        var how = string.Concat(
            Verb == "apply" ? $" by {Manager}{(Force ? " with force" : "")}" : "",
            Version == Precondition.None ? "" : $" at {Version} version",
            Uid == Precondition.None ? "" : $" with {Uid} uid");
        return $"{Verb} {target}{how} {(Body == "{}" ? "" : Body)}".TrimEnd();
    }
}
