using System.Globalization;

namespace KmsOperator.Simulation.Scheduling;

/// <summary>What happened in a run: a hash of all steps and notes, and the notes themselves where somebody wants to read them.</summary>
/// <param name="keepNotes">Whether the notes are kept.</param>
internal sealed class StepTrace(bool keepNotes)
{
    private const ulong Prime = 1099511628211;
    private readonly List<string> _notes = [];
    private long _now;

    /// <summary>Of all steps and notes so far (FNV-1a).</summary>
    public ulong Hash { get; private set; } = 14695981039346656037;

    /// <summary>Whether the notes are kept.</summary>
    public bool KeepsNotes => keepNotes;

    /// <summary>The notes, in order.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>A process did a step.</summary>
    public void Step(int process, long now)
    {
        _now = now;
        Mix((ulong)process);
        Mix((ulong)now);
    }

    /// <summary>Something happened that is worth a line.</summary>
    public void Note(string who, string what)
    {
        foreach (var c in who)
            Mix(c);
        foreach (var c in what)
            Mix(c);
        if (keepNotes)
            _notes.Add(string.Create(CultureInfo.InvariantCulture, $"{TimeSpan.FromTicks(_now).TotalSeconds,10:F3}  {who,-10} {what}"));
    }

    private void Mix(ulong value) => Hash = (Hash ^ value) * Prime;
}
