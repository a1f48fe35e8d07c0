using KmsOperator.Importing.Drafting;
using KmsOperator.Importing.Objects;
using KmsOperator.Importing.Terraform;

namespace KmsOperator.Importing.Output;

/// <summary>How the tool that has the keys lets go of them without destroying any.</summary>
/// <param name="Title">For the report.</param>
internal abstract record LetGo(string Title)
{
    /// <summary>Nobody has the keys.</summary>
    public static LetGo Nobody { get; } = new NoTool();

    /// <summary>Terraform's <c>removed</c> blocks.</summary>
    public static LetGo Terraform { get; } = new RemovedFile();

    /// <summary>Commands on ACK's or Crossplane's objects.</summary>
    public static LetGo Objects { get; } = new ScriptFile();

    /// <summary>The file that does it; null when there is nothing to do.</summary>
    public OutputFile? FileOf(ImportDraft draft) => draft.Keys.SelectMany(key => key.Foreign.Sources).ToArray() is { Length: > 0 } imported ? Write(imported, draft.Kept) : null;

    /// <summary>Writes the file.</summary>
    /// <param name="imported">Objects of the imported keys.</param>
    /// <param name="kept">Objects that stay with the tool.</param>
    protected abstract OutputFile? Write(IReadOnlyList<ForeignSource> imported, IReadOnlyList<ForeignSource> kept);

    private sealed record NoTool() : LetGo("")
    {
        protected override OutputFile? Write(IReadOnlyList<ForeignSource> imported, IReadOnlyList<ForeignSource> kept) => null;
    }

    private sealed record RemovedFile() : LetGo("How Terraform lets go without destroying (removed.tf)")
    {
        protected override OutputFile Write(IReadOnlyList<ForeignSource> imported, IReadOnlyList<ForeignSource> kept) => new("removed.tf", RemovedBlocks.Write(imported, kept));
    }

    private sealed record ScriptFile() : LetGo("How the other operator lets go without deleting (let-go.sh)")
    {
        protected override OutputFile Write(IReadOnlyList<ForeignSource> imported, IReadOnlyList<ForeignSource> kept) => new("let-go.sh", LetGoScript.Write(imported));
    }
}
