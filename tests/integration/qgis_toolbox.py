"""Runs algorithms of the plugin as QGIS's toolbox does, and says as JSON what was loaded; run by QGIS's Python.

python3 qgis_toolbox.py PLUGINS PICTURE ANSWERS-AS-JSON
"""

import json
import sys
import threading
import time

from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


class Feedback(QgsProcessingFeedback):
    """Keeps what is told; given up after a stage where that is wished."""

    def __init__(self, until=None):
        super().__init__()
        self.stages, self.errors, self.until = [], [], until

    def reportError(self, error, fatalError=False):  # noqa: N802, N803
        self.errors.append(error)

    def setProgressText(self, text):  # noqa: N802
        self.stages.append(text)
        if self.until is not None and len(self.stages) == self.until:
            self.cancel()


def in_a_thread(algorithm, given, context, feedback):
    """As the toolbox runs it: beside the thread of the window, then taken over."""
    found = {}
    own = QgsProcessingContext()
    own.setProject(QgsProject.instance())

    def work():
        found["results"], found["good"] = algorithm.run(given, own, feedback)
        own.pushToThread(QgsApplication.instance().thread())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    context.takeResultsFrom(own)
    return found


def loaded(algorithm, given):
    """Run one, load what it gives, and say of each layer how it is drawn and asked for."""
    from processing.gui.Postprocessing import handleAlgorithmResults

    context, feedback = QgsProcessingContext(), Feedback()
    context.setProject(QgsProject.instance())
    before = set(QgsProject.instance().mapLayers())
    found = in_a_thread(algorithm, given, context, feedback)
    handleAlgorithmResults(algorithm, context, feedback, False, given)
    layers = [layer for name, layer in QgsProject.instance().mapLayers().items() if name not in before]
    told = {"stages": feedback.stages, "errors": feedback.errors}
    return {**found, **told, "layers": {layer.name(): about(layer) for layer in layers}}


def about(layer):
    renderer = layer.renderer()
    forms = {field.name(): layer.editorWidgetSetup(k) for k, field in enumerate(layer.fields())}
    return {
        "source": layer.source().rpartition("/")[2],
        "count": layer.featureCount(),
        "renderer": renderer.type(),
        "rules": len(renderer.rootRule().children()) if renderer.type() == "RuleRenderer" else 0,
        "aliases": {field.name(): field.alias() for field in layer.fields()},
        "choices": {
            name: [value for one in form.config()["map"] for value in one.values()]
            for name, form in forms.items()
            if form.type() == "ValueMap"
        },
    }


def draw_a_bench(at):
    """Draw a bench into the layer of points, as its form has it."""
    (layer,) = [one for one in QgsProject.instance().mapLayers().values() if "layername=points" in one.source()]
    layer.startEditing()
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(*at)))
    for name, value in {"action": "add", "layer": "place", "kind": "bench"}.items():
        feature.setAttribute(name, value)
    layer.addFeature(feature)
    return layer.commitChanges()


def picture(path):
    settings = QgsMapSettings()
    layers = [node.layer() for node in QgsProject.instance().layerTreeRoot().findLayers()]
    settings.setLayers(layers)
    (boundary,) = [one for one in layers if "layername=boundary" in one.source()]
    settings.setDestinationCrs(boundary.crs())
    settings.setOutputSize(QSize(1200, 800))
    settings.setBackgroundColor(QColor("#f3f0ea"))
    settings.setExtent(boundary.extent())
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(path)


def main(plugins, path, answers):
    sys.path[:0] = [plugins, "/usr/share/qgis/python/plugins"]
    application = QgsApplication([], False)
    application.initQgis()
    from processing.core.Processing import Processing
    from processing.core.ProcessingConfig import ProcessingConfig

    Processing.initialize()
    import faellesrum

    plugin = faellesrum.classFactory(None)
    plugin.initProcessing()
    registry = QgsApplication.processingRegistry()
    given = json.loads(answers)
    ProcessingConfig.setSettingValue("FAELLESRUM_PROGRAM", given["program"])
    said = {"run": loaded(registry.algorithmById("faellesrum:run"), given["run"])}
    picture(path)
    said["plannew"] = loaded(registry.algorithmById("faellesrum:plannew"), given["plannew"])
    said["drawn"] = draw_a_bench(given["at"])
    feedback, began = Feedback(until=2), time.monotonic()
    context = QgsProcessingContext()
    cancelled = in_a_thread(registry.algorithmById("faellesrum:run"), given["cancelled"], context, feedback)
    said["cancelled"] = {"good": cancelled["good"], "seconds": time.monotonic() - began, "stages": len(feedback.stages)}
    print(json.dumps(said))


main(*sys.argv[1:])
