using System.Text.Json.Serialization;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>A report of something that happened to an object.</summary>
/// <remarks>Source: Kubernetes API reference, Event events.k8s.io/v1.</remarks>
public sealed record Event : IResource
{
    /// <inheritdoc />
    public string ApiVersion { get; init => field = value ?? "events.k8s.io/v1"; } = "events.k8s.io/v1";

    /// <inheritdoc />
    public string Kind { get; init => field = value ?? "Event"; } = "Event";

    /// <inheritdoc />
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>When it happened first. Required.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? EventTime { get; init; }

    /// <summary>How often it happened, once it happened more than once.</summary>
    public EventSeries? Series { get; init; }

    /// <summary>Who reports, as a qualified name, for example <c>kms.servicekey.dev/kms-operator</c>.</summary>
    public string? ReportingController { get; init; }

    /// <summary>Which process reports; 128 characters at most.</summary>
    public string? ReportingInstance { get; init; }

    /// <summary>What was done or refused, in CamelCase; 128 characters at most.</summary>
    public string? Action { get; init; }

    /// <summary>Why, in CamelCase; 128 characters at most.</summary>
    public string? Reason { get; init; }

    /// <summary>The object concerned.</summary>
    public ObjectReference? Regarding { get; init; }

    /// <summary>For a person; 1,024 bytes at most.</summary>
    public string? Note { get; init; }

    /// <summary><c>Normal</c> or <c>Warning</c>.</summary>
    public string? Type { get; init; }
}

/// <summary>Repeats of an event.</summary>
public sealed record EventSeries
{
    /// <summary>How often it happened until now; 2 or more.</summary>
    public int Count { get; init; }

    /// <summary>When it happened last.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? LastObservedTime { get; init; }
}

/// <summary>Names an object of any kind.</summary>
/// <remarks>Source: Kubernetes API reference, ObjectReference v1.</remarks>
public sealed record ObjectReference
{
    /// <summary>Group and version.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>Kind.</summary>
    public string? Kind { get; init; }

    /// <summary>Absent for cluster-scoped kinds.</summary>
    public string? Namespace { get; init; }

    /// <summary>Name.</summary>
    public string? Name { get; init; }

    /// <summary>Uid.</summary>
    public string? Uid { get; init; }

    /// <summary>The version that the report is about.</summary>
    public string? ResourceVersion { get; init; }
}
