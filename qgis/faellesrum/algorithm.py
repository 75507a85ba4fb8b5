"""One algorithm of the table in QGIS: its dialogue, the call of the program, and what is loaded afterwards."""

from __future__ import annotations

from pathlib import Path

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingOutputHtml,
    QgsProcessingOutputString,
    QgsProcessingOutputVectorLayer,
    QgsVectorLayer,
)

from . import child, command_line, parameters

STYLES = Path(__file__).with_name("styles")


class Algorithm(QgsProcessingAlgorithm):
    """An algorithm as one entry of the table says."""

    def __init__(self, spec, words, lang, program):
        super().__init__()
        self._all = (spec, words, lang, program)
        self._spec, self._words, self._lang, self._program = self._all

    def createInstance(self):
        """Another one of the same."""
        return Algorithm(*self._all)

    def name(self):
        """Its id."""
        return self._spec["name"]

    def displayName(self):
        """Its title."""
        return self._spec["title"][self._lang]

    def shortHelpString(self):
        """What the command's own help says."""
        return self._spec["help"][self._lang]

    def initAlgorithm(self, configuration=None):
        """Ask for the options of the command, and say what comes out."""
        for parameter in self._spec["parameters"]:
            self.addParameter(parameters.asked(parameter, self._words, self._lang))
        for file, layer in self._layers():
            self.addOutput(QgsProcessingOutputVectorLayer(layer or Path(file).stem, layer or file))
        for page in self._spec["pages"]:
            self.addOutput(QgsProcessingOutputHtml(_page(page), page))
        self.addOutput(QgsProcessingOutputString("said", "said"))

    def processAlgorithm(self, given, context, feedback):
        """Call the program; load what it has written."""
        values = {
            one["name"]: parameters.answered(self, one, given, context, feedback) for one in self._spec["parameters"]
        }
        said = self._called(values, feedback)
        where = Path(values[self._spec["into"]] or "")
        found = {self._spec["into"]: str(where), "said": said}
        for place, (file, layer) in enumerate(self._layers()):
            path = where if file == "out" else where / file
            found.update(self._loaded(place, path, layer, context))
        pages = {_page(page): where / page for page in self._spec["pages"]}
        found.update({name: str(path) for name, path in pages.items() if path.exists()})
        return found

    def _called(self, values, feedback):
        chosen = self._program()
        program = command_line.find_program(chosen)
        if program is None:
            name = chosen or command_line.PROGRAM
            raise QgsProcessingException(self._words["missing"][self._lang].format(program=name))
        words = [program, *command_line.arguments(self._spec, values)]
        feedback.pushCommandInfo(" ".join(words))
        try:
            return child.run(
                words,
                on_stage=feedback.setProgressText,
                on_line=feedback.pushInfo,
                on_warning=feedback.pushWarning,
                cancelled=feedback.isCanceled,
            )
        except child.Cancelled:
            raise QgsProcessingException(self._words["stopped"][self._lang]) from None
        except child.Failed as failure:
            raise QgsProcessingException(str(failure)) from None

    def _layers(self):
        return [one.partition(":")[::2] for one in self._spec["layers"]]

    def _loaded(self, place, path, name, context):
        """Load one layer with its style, where it was written and holds anything or is to be drawn in."""
        name, source = name or path.stem, f"{path}|layername={name}" if name else str(path)
        # Older QGIS loads layers in the order of their ids, which begin with what they are called at first.
        layer = QgsVectorLayer(source, f"{place:02}_{name}", "ogr")
        if not path.exists() or not layer.isValid():
            return {}
        layer.setName(layer.metadata().title() or self._spec["titles"].get(name, {}).get(self._lang, name))
        style = STYLES / f"{name}.{self._lang}.qml"
        if style.exists():
            layer.loadNamedStyle(str(style))
        context.temporaryLayerStore().addMapLayer(layer)
        details = QgsProcessingContext.LayerDetails(layer.name(), context.project(), name)
        details.layerSortKey = place
        context.addLayerToLoadOnCompletion(layer.id(), details)
        return {name: source}


def _page(file):
    """The id of a page: that of a layer has the same beginning."""
    return f"{Path(file).stem}_page"
