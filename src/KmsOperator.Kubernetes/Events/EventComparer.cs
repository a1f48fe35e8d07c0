namespace KmsOperator.Kubernetes;

/// <summary>Treats events with the same text about the same object as repeats of one event.</summary>
internal sealed class EventComparer : IEqualityComparer<Event>
{
    public static readonly EventComparer Instance = new();

    public bool Equals(Event? x, Event? y) => x is not null && y is not null && Identity(x) == Identity(y);

    public int GetHashCode(Event obj) => Identity(obj).GetHashCode();

    private static (string?, string?, string?, string?, string?, string?) Identity(Event e) =>
        (e.Regarding?.Uid, e.Regarding?.Name, e.Type, e.Reason, e.Action, e.Note);
}
