using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Records events about objects, as <c>kubectl describe</c> shows them.</summary>
public interface IEventRecorder
{
    /// <summary>Queues an event and returns at once. An event that cannot be sent is dropped, since nothing depends on it.</summary>
    /// <param name="regarding">The object that the event is about.</param>
    /// <param name="type">Normal or Warning.</param>
    /// <param name="reason">Why, in CamelCase; cut at 128 characters.</param>
    /// <param name="action">What was done or refused, in CamelCase; cut at 128 characters.</param>
    /// <param name="note">For a person; cut at 1,024 bytes.</param>
    void Record(IResource regarding, EventType type, string reason, string action, string note);
}

/// <summary>The type of an event.</summary>
public enum EventType
{
    /// <summary>Information.</summary>
    Normal,

    /// <summary>Something that a person may have to act on.</summary>
    Warning,
}
