using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>What a <see cref="Reflector{T}"/> watches, and how long it waits.</summary>
public sealed record ReflectorOptions<T>
    where T : class, IResource
{
    /// <summary>The namespaces to watch; all of them when empty, and for cluster-scoped kinds.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Objects per page of a list at most. Default 500.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>Objects in the first page of a list, when their size is not known yet. Later pages may be four times the one before. Default 16.</summary>
    public int FirstPageSize { get; init; } = 16;

    /// <summary>Size in bytes that a page should not exceed by much; large objects come in smaller pages. Default 4 MiB.</summary>
    public long PageBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>
    /// The server is asked to end a watch after one to two times this duration. The random part keeps watches from ending together. Default 5 minutes.
    /// </summary>
    public TimeSpan WatchDuration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A watch that gets no line for this long is considered dead. The server sends a bookmark about once a minute. Default 2 minutes.</summary>
    public TimeSpan IdleDeadline { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>If a watch was silent for this long at its end, its kind is listed before the next watch. Default 75 seconds.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>The first wait after a failure. Default 1 second.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait after failures in a row. Default 30 seconds.</summary>
    public TimeSpan LongestBackoff { get; init; } = TimeSpan.FromSeconds(30);
}
